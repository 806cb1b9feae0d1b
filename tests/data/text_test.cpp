// Lines of text: the strict reader, vocabularies, data sets and the domain.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <chrono>
#include <nlohmann/json.hpp>

#include "ganymede/core/error.h"
#include "ganymede/core/files.h"
#include "ganymede/core/token_spec.h"
#include "ganymede/data/holdout.h"
#include "ganymede/data/kinds.h"
#include "ganymede/data/text/oracle.h"
#include "ganymede/data/text/text_data.h"
#include "ganymede/data/text/text_domain.h"
#include "ganymede/media/codec.h"
#include "ganymede/media/npy.h"
#include "support.h"

namespace ganymede::data {
namespace {

using Numbers = std::vector<int32_t>;

Vocabulary words_of(const std::vector<std::string_view>& lines, int64_t min_count = 1) {
  return Vocabulary::fit(lines, {.min_count = min_count}, "test");
}

std::string round_trip(const Vocabulary& vocabulary, std::string_view line) {
  return vocabulary.decode(vocabulary.encode(line));
}

TEST(Vocabulary, NumbersTokensByHowOftenTheyOccur) {
  const Vocabulary vocabulary = words_of({"a b b", "c b a"});
  EXPECT_EQ(vocabulary.size(), kFirstToken + 3);
  EXPECT_EQ(vocabulary.encode("b a c d"), (Numbers{4, 5, 6, kUnknownToken}));
  EXPECT_EQ(vocabulary.token(4), "b");
  EXPECT_THROW(vocabulary.token(7), ModelError);
  EXPECT_THROW(vocabulary.token(-1), ModelError);
}

TEST(Vocabulary, PunctuationStandsAloneAndComesBackToItsWord) {
  const std::string line = "he said (at 3.5 km): \"it's far, mr. o'neil-smith!\" twice.";
  const Vocabulary vocabulary = words_of({line});
  EXPECT_EQ(vocabulary.split("far, 3.5 km."),
            (std::vector<std::string>{"far", ",", "3.5", "km", "."}));
  EXPECT_EQ(round_trip(vocabulary, line), line);
  EXPECT_EQ(round_trip(vocabulary, "  he\tsaid  ,  twice  ."), "he said, twice.");
}

TEST(Vocabulary, RareWordsAreUnknownAndTypedOnesMayBeCapitals) {
  const Vocabulary vocabulary = words_of({"a dog", "a cat", "a dog"}, 2);
  EXPECT_TRUE(vocabulary.knows_unknown());
  EXPECT_EQ(round_trip(vocabulary, "a cat"), "a <unk>");
  EXPECT_EQ(round_trip(vocabulary, "A Dog"), "a dog");
  EXPECT_FALSE(words_of({"a dog"}).knows_unknown());
}

TEST(Vocabulary, CharactersAreCodePointsAndBlanksBetweenAllOfThemDoNotCount) {
  const Vocabulary names = Vocabulary::fit({"anna b", "zoé"}, {.characters = true}, "test");
  EXPECT_EQ(names.split("zoé  b"), (std::vector<std::string>{"z", "o", "é", " ", "b"}));
  EXPECT_EQ(round_trip(names, " zoé   b "), "zoé b");
  const Vocabulary poems = Vocabulary::fit({"秦 川 雄 。 ", "帝 宅"}, {.characters = true}, "test");
  EXPECT_EQ(poems.size(), kFirstToken + 6);
  EXPECT_EQ(poems.encode("秦川 雄").size(), 3U);
  EXPECT_EQ(round_trip(poems, "秦川雄"), "秦 川 雄");
  EXPECT_EQ(poems.decode(poems.encode("秦 川 雄"), /*for_people=*/true), "秦川雄");
}

TEST(Vocabulary, SurvivesItsJson) {
  const Vocabulary vocabulary = words_of({"ein Bär \"hört\" {zu}.", "ein"}, 1);
  const auto json = nlohmann::json::parse(vocabulary.to_json().dump());
  const Vocabulary again = Vocabulary::from_json(json, "test");
  EXPECT_EQ(again.to_json(), vocabulary.to_json());
  EXPECT_EQ(again.encode("Bär ein"), vocabulary.encode("Bär ein"));
  for (const char* key : {"kind", "spaced", "unknown", "vocabulary", "tokens"}) {
    auto broken = json;
    broken.erase(key);
    EXPECT_THROW(Vocabulary::from_json(broken, "test"), ModelError) << key;
    broken[key] = nlohmann::json::array({1, 2});
    EXPECT_THROW(Vocabulary::from_json(broken, "test"), ModelError) << key;
  }
  auto twice = json;
  twice["tokens"][0] = twice["tokens"][1];
  EXPECT_THROW(Vocabulary::from_json(twice, "test"), ModelError);
  EXPECT_THROW(Vocabulary::from_json(nullptr, "test"), ModelError);
}

class TextFiles : public ::testing::Test {
 protected:
  std::string file(const std::string& name, const std::string& text) {
    const std::filesystem::path path = folder_.path() / name;
    testing::write_bytes(path, text);
    return path.string();
  }
  std::shared_ptr<Dataset> open(const std::string& text, DataConfig config = {},
                                const std::string& name = "lines.txt") {
    config.path = file(name, text);
    config.domain = "text";
    return open_dataset(config);
  }
  testing::TempFolder folder_;
};

std::vector<float> sample(const Dataset& set, int64_t index) {
  std::vector<float> values(static_cast<size_t>(set.spec().elements()));
  set.read(index, values.data());
  return values;
}

std::vector<std::string> lines_of(const Dataset& set) {
  std::vector<int64_t> all;
  for (int64_t i = 0; i < set.size(); ++i) all.push_back(i);
  return domain_of(set.spec()).captions(read_batch(set, all).samples);
}

TEST_F(TextFiles, OneSamplePerLineEndedAndPadded) {
  const auto set = open("a b\n\n  \t \na b c d\nc\n");
  EXPECT_EQ(set->size(), 3);
  EXPECT_EQ(set->spec().domain, "text");
  EXPECT_EQ(set->spec().shape, (std::vector<int64_t>{4}));
  const TokenSpec tokens = token_spec_of(set->spec());
  EXPECT_EQ(tokens.vocabulary, kFirstToken + 4);
  EXPECT_TRUE(tokens.ends);
  EXPECT_EQ(sample(*set, 0), (std::vector<float>{4, 5, kEndToken, kPadToken}));
  EXPECT_EQ(sample(*set, 1), (std::vector<float>{4, 5, 6, 7}));
  EXPECT_EQ(sample(*set, 2), (std::vector<float>{6, kEndToken, kPadToken, kPadToken}));
}

TEST_F(TextFiles, LinesMayEndInAnyWayAndHaveAMark) {
  const std::vector<std::string> expected = {"é b", "c"};
  EXPECT_EQ(lines_of(*open("é b\nc")), expected);
  EXPECT_EQ(lines_of(*open("é b\r\nc\r\n")), expected);
  EXPECT_EQ(lines_of(*open("\xEF\xBB\xBFé b\nc\n\n")), expected);
  EXPECT_EQ(lines_of(*open("é\tb\n c \n")), expected);
}

TEST_F(TextFiles, LinesOfOneLengthNeedNoEnd) {
  EXPECT_FALSE(token_spec_of(open("a b\nb a\n")->spec()).ends);
}

TEST_F(TextFiles, LongLinesAreLeftOutOrRefused) {
  DataConfig config;
  config.max_length = 2;
  const auto set = open("a b\na b c\nc\n", config);
  EXPECT_EQ(lines_of(*set), (std::vector<std::string>{"a b", "c"}));
  ASSERT_EQ(set->broken().size(), 1U);
  EXPECT_NE(set->broken()[0].reason.find("1 lines of more than 2 tokens"), std::string::npos);
  config.strict = true;
  EXPECT_THROW(open("a b\na b c\n", config), DataError);
  config.strict = false;
  EXPECT_THROW(open("a b c\n", config), DataError);
}

TEST_F(TextFiles, LimitHoldoutAndFingerprint) {
  DataConfig config;
  config.limit = 3;
  config.holdout = 1;
  const auto set = open("a\nb\nc c\nd\n", config);
  EXPECT_EQ(set->size(), 2);
  EXPECT_EQ(open_holdout(config, set)->size(), 1);
  EXPECT_EQ(open("a\nb\n")->fingerprint(), open("a\nb\n")->fingerprint());
  EXPECT_NE(open("a\nb\n")->fingerprint(), open("b\na\n")->fingerprint());
}

TEST_F(TextFiles, AModelReadsOtherTextsWithItsOwnVocabulary) {
  const auto own = open("the cat sat\na cat\n");
  DataConfig config = domain_of(own->spec()).fitting({}, own->spec());
  const auto other = open("a dog sat\nthe cat sat on the mat\n", config, "other.txt");
  EXPECT_EQ(other->spec(), own->spec());
  EXPECT_EQ(lines_of(*other), (std::vector<std::string>{"a <unk> sat"}));
}

struct Hostile {
  const char* name;
  std::string text;
  const char* where;  // behind the path
  const char* found;
};

void PrintTo(const Hostile& value, std::ostream* out) { *out << value.name; }

class HostileText : public TextFiles, public ::testing::WithParamInterface<Hostile> {};

TEST_P(HostileText, IsATypedErrorWithItsPlace) {
  const Hostile& hostile = GetParam();
  const auto start = std::chrono::steady_clock::now();
  try {
    open(hostile.text);
    FAIL() << "was read";
  } catch (const DataError& error) {
    EXPECT_TRUE(error.parts().where.ends_with(std::string("lines.txt") + hostile.where))
        << error.what();
    EXPECT_NE(error.parts().found.find(hostile.found), std::string::npos) << error.what();
  }
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(1));
}

INSTANTIATE_TEST_SUITE_P(
    All, HostileText,
    ::testing::Values(Hostile{"Empty", "", "", "no text"},
                      Hostile{"OnlyBlank", " \n\t\n\r\n", "", "no text"},
                      Hostile{"Latin1", "a\nb\xE9 c\n", ":2:2", "0xe9"},
                      Hostile{"LoneContinuation", "\x80", ":1:1", "0x80"},
                      Hostile{"Overlong", "a\xC0\xAF", ":1:2", "0xc0"},
                      Hostile{"Surrogate", "\xED\xA0\x80", ":1:1", "0xed"},
                      Hostile{"BeyondUnicode", "\xF4\x90\x80\x80", ":1:1", "0xf4"},
                      Hostile{"CutSequence", "ab\n\xE7\xA7", ":2:1", "0xe7"},
                      Hostile{"Nul", std::string("a\nbc\0d\n", 7), ":2:3", "NUL"},
                      Hostile{"Escape", "a\x1B[31mb\n", ":1:2", "0x1b"},
                      Hostile{"LoneReturn", "a\rb\n", ":1:2", "0x0d"},
                      Hostile{"Utf16",
                              std::string("\xFF\xFE"
                                          "a\0\n\0",
                                          6),
                              "", "UTF-16"},
                      Hostile{"HugeLine", std::string(1 << 17, 'a'), ":1:65537", "64 KiB"}),
    [](const auto& info) { return info.param.name; });

TEST_F(TextFiles, AFolderIsNoText) {
  DataConfig config;
  config.path = folder_.path().string();
  config.domain = "text";
  EXPECT_THROW(open_dataset(config), Error);
}

TEST_F(TextFiles, WhatATxtHoldsIsGuessed) {
  const auto guessed = [&](const std::string& text, const std::string& name = "x.txt") {
    DataConfig config;
    config.path = file(name, text);
    return open_dataset(config)->spec().domain;
  };
  EXPECT_EQ(guessed("a red car.\na dog, a cat, a bird.\nno\n"), "text");
  EXPECT_EQ(guessed("emma\nolivia\n"), "text");
  EXPECT_EQ(guessed("秦 川 雄\n帝 宅 ，\n"), "text");
  EXPECT_EQ(guessed("a,b\n1,x\n2,y\n3,x\n4,y\n"), "table");
  EXPECT_EQ(guessed("name\tage\nann\t7\nbob\t9\n"), "table");
  EXPECT_EQ(guessed("0.1,0.2\n0.3,0.4\n"), "points");
  EXPECT_EQ(guessed("a red car.,7\na dog,8\na dog,9\n", "x.csv"), "table");
}

class TextDomains : public TextFiles {
 protected:
  std::shared_ptr<Dataset> set_ = open("a red car.\na blue dog\nthe \"big\" dog, a car\n");
  const Domain& domain_ = domain_of(set_->spec());
  at::Tensor all_ = read_batch(*set_, {0, 1, 2}).samples;
};

TEST_F(TextDomains, TextsAreWrittenAndReadAgain) {
  const auto path = folder_.path() / "out.txt";
  domain_.write(all_, {}, path, {});
  EXPECT_EQ(read_file(path), "a red car.\na blue dog\nthe \"big\" dog, a car\n");
  DataConfig config = domain_.fitting({}, set_->spec());
  config.path = path.string();
  EXPECT_TRUE(at::equal(read_batch(*open_dataset(config), {0, 1, 2}).samples, all_));
  domain_.write(all_, {}, folder_.path() / "out.npz", {});
  domain_.write(all_, {}, folder_.path() / "out.png", {});
  EXPECT_THROW(domain_.write(all_, {}, folder_.path() / "out.mid", {}), UsageError);
}

TEST_F(TextDomains, APreviewShowsEveryLine) {
  const media::Image without = domain_.preview(all_, {}, {});
  const media::Image with = domain_.preview(all_, all_, {});
  EXPECT_GT(with.height, without.height + 40);
  EXPECT_EQ(without.channels, 3);
  EXPECT_NE(domain_.preview(all_, {}, {}), domain_.preview(all_.flip(0), {}, {}));
  EXPECT_THROW(domain_.preview(at::full({1, 3}, 1e6), {}, {}), ModelError);
}

TEST_F(TextDomains, WhatIsTypedBecomesASample) {
  EXPECT_TRUE(at::equal(domain_.parse("A  blue DOG", set_->spec()), all_.narrow(0, 1, 1)));
  EXPECT_THROW(domain_.parse("", set_->spec()), UsageError);
  EXPECT_THROW(domain_.parse("a a a a a a a a a a a a", set_->spec()), UsageError);
  try {
    domain_.parse("a bleu dog", set_->spec());
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_NE(error.parts().found.find("bleu"), std::string::npos);
    EXPECT_EQ(error.parts().remedy, "blue");
  }
}

TEST(TokenSpecs, NeedAVocabulary) {
  EXPECT_THROW(token_spec_of({.domain = "points", .shape = {2}}), UsageError);
  EXPECT_THROW(token_spec_of({.domain = "text", .shape = {2}}), ModelError);
  for (const char* state : {"{}", "[]", "{\"vocabulary\":4}", "{\"vocabulary\":\"x\"}",
                            "{\"vocabulary\":9,\"ends\":1}"}) {
    EXPECT_THROW(token_spec_of({.domain = "text", .shape = {2}, .domain_state = state}), ModelError)
        << state;
  }
}

TEST(OracleText, IsTheSameEverywhereAndKnowsItsTexts) {
  DataConfig config;
  config.path = "oracle-text";
  config.limit = 300;
  const auto set = open_dataset(config);
  EXPECT_EQ(set->size(), 300);
  EXPECT_FALSE(token_spec_of(set->spec()).ends);
  const at::Tensor texts = read_batch(*set, {0, 150, 299}).samples;
  const at::Tensor tokens = texts.to(at::kLong) - kFirstToken;
  EXPECT_TRUE(at::equal(tokens[1], Oracle::get().sample(100, 100)[50]));
  EXPECT_GE(tokens.min().item<int64_t>(), 0);
  EXPECT_LT(tokens.max().item<int64_t>(), Oracle::kTokens);
  config.split = "test";
  EXPECT_FALSE(at::equal(read_batch(*open_dataset(config), {0}).samples[0], texts[0]));
  // Its own texts are far likelier than random ones.
  const double own = Oracle::get().nats(Oracle::get().sample(0, 100)).mean().item<double>() / 20;
  const at::Tensor noise = Stream(1, "test").integers({100, Oracle::kLength}, 0, Oracle::kTokens);
  const double random = Oracle::get().nats(noise).mean().item<double>() / 20;
  EXPECT_LT(own, 7.5);
  EXPECT_GT(random, 9.5);
}

}  // namespace
}  // namespace ganymede::data
