// Pictures with captions: tables, lines, text files beside pictures; archives; what does not match.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <set>

#include "ganymede/core/token_spec.h"
#include "ganymede/data/captions/captioned_pictures.h"
#include "ganymede/data/domain.h"
#include "support.h"

namespace ganymede::data {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace)

const CaptionedPictures& captioned(const std::shared_ptr<Dataset>& set) {
  return dynamic_cast<const CaptionedPictures&>(*set);
}

// The caption of a sample as `random` draws it.
std::string drawn_caption(const Dataset& set, int64_t index, uint64_t draw) {
  const SampleSpec& given = set.spec().given.at(0);
  std::vector<float> sample(static_cast<size_t>(set.spec().elements()));
  at::Tensor tokens = at::empty({1, given.shape[0]});
  Stream random(1, "test", draw);
  set.read_pair(index, random, sample.data(), tokens.data_ptr<float>());
  return domain_of(given).captions(tokens).at(0);
}

void write_pictures(const TempFolder& folder, const std::vector<std::string>& names) {
  int value = 0;
  for (const std::string& name : names) {
    value += 10;
    write_png(folder / name, plain(4, 4, {static_cast<uint8_t>(value), 0, 0}));
  }
}

std::vector<std::string> reasons(const Dataset& set) {
  std::vector<std::string> all;
  for (const BrokenFile& file : set.broken()) all.push_back(file.path + ": " + file.reason);
  return all;
}

TEST(CaptionFile, ColumnsAreFoundByManyNames) {
  const CaptionFile file = parse_captions(
      "File_Name\tcaption1\tcaption2\tlabel\taliases\tsize\n"
      "a.png\tA red heart\t\tsymbols\tred_heart love\t3\n"
      "b\\c.png\tx\ty\t\t\t4\n",
      "captions.tsv");
  ASSERT_EQ(file.rows.size(), 2U);
  EXPECT_EQ(file.rows[0].captions.main, (std::vector<std::string>{"A red heart"}));
  EXPECT_EQ(file.rows[0].captions.others, (std::vector<std::string>{"red heart", "love"}));
  EXPECT_EQ(file.rows[0].captions.category, "symbols");
  EXPECT_EQ(file.rows[1].file, "b/c.png");
  EXPECT_EQ(file.rows[1].captions.main, (std::vector<std::string>{"x", "y"}));
  EXPECT_EQ(file.rows[1].place, "captions.tsv:3");
}

TEST(CaptionFile, RowsThatSayNothingAreListed) {
  const CaptionFile file = parse_captions(
      "image,caption\na.png,\"one, two\"\nb.png,\n,three\nc.png,four,five\n", "x.csv");
  ASSERT_EQ(file.rows.size(), 1U);
  EXPECT_EQ(file.rows[0].captions.main[0], "one, two");
  ASSERT_EQ(file.broken.size(), 3U);
  EXPECT_EQ(file.broken[0].path + ": " + file.broken[0].reason, "x.csv:3: no caption for b.png");
  EXPECT_EQ(file.broken[1].path, "x.csv:4");
  EXPECT_TRUE(contains(file.broken[2].reason, "3 fields"));
}

TEST(CaptionFile, JsonLinesHoldOneOrSeveralCaptions) {
  const CaptionFile file = parse_captions(
      "{\"file_name\": \"a.png\", \"text\": \"one\"}\n\n"
      "{\"file_name\": \"b.png\", \"captions\": [\"two\", \"three\"], \"tags\": [\"x y\"]}\n",
      "metadata.jsonl");
  ASSERT_EQ(file.rows.size(), 2U);
  EXPECT_EQ(file.rows[1].captions.main, (std::vector<std::string>{"two", "three"}));
  EXPECT_EQ(file.rows[1].captions.others, (std::vector<std::string>{"x y"}));
  EXPECT_EQ(file.rows[1].place, "metadata.jsonl:3");
  EXPECT_THROW(parse_captions("[1, 2]\n", "x.jsonl"), DataError);
  EXPECT_THROW(parse_captions("{\"file_name\": \n", "x.jsonl"), DataError);
}

TEST(CaptionFile, OtherTablesAreRefusedWithTheColumnsTheyHave) {
  try {
    parse_captions("age,income\n1,2\n", "x.csv");
    FAIL() << "taken for captions";
  } catch (const DataError& error) {
    EXPECT_TRUE(contains(error.what(), "x.csv:1")) << error.what();
    EXPECT_TRUE(contains(error.what(), "age, income")) << error.what();
  }
  EXPECT_THROW(parse_captions("", "x.csv"), DataError);
}

TEST(Captions, ATableBesideAFolderIsMatchedByName) {
  const TempFolder folder;
  write_pictures(folder, {"images/a.png", "images/b.png", "images/c.png", "images/d.png"});
  write_bytes(folder / "captions.csv",
              "file,caption,category,tags\n"
              "b.png,Blue Heart,hearts,love big_love\n"
              "images/a.png,red   heart,hearts,\n"
              "a.png,heart that is red,hearts,\n"
              "nobody.png,a ghost,ghosts,\n"
              "c.png,,faces,\n"
              "d.png,smiling face,faces,\n");
  const auto set = open_dataset(at_path(folder.path()));
  EXPECT_EQ(set->kind(), "image folder with captions");
  ASSERT_EQ(set->size(), 3);
  EXPECT_EQ(set->class_names(), (std::vector<std::string>{"faces", "hearts"}));
  EXPECT_EQ(set->label(0), 1);
  EXPECT_EQ(set->label(2), 0);
  EXPECT_EQ(captioned(set).captions(0).main,
            (std::vector<std::string>{"red heart", "heart that is red"}));
  EXPECT_EQ(captioned(set).captions(1).others, (std::vector<std::string>{"love", "big love"}));
  EXPECT_FLOAT_EQ(read_sample(*set, 2)[0], as_float(40));
  EXPECT_EQ(reasons(*set),
            (std::vector<std::string>{"captions.csv:6: no caption for c.png",
                                      "captions.csv:5: a caption of nobody.png, which is not there",
                                      "images/c.png: a picture without a caption"}));
  DataConfig strict = at_path(folder.path());
  strict.strict = true;
  EXPECT_TRUE(contains(open_error(strict), "captions.csv:6")) << open_error(strict);
}

TEST(Captions, SpecSaysWhatIsGiven) {
  const TempFolder folder;
  write_pictures(folder, {"a.png", "b.png"});
  write_bytes(folder / "captions.tsv", "file\tcaption\na.png\tred heart\nb.png\tblue heart\n");
  const auto set = open_dataset(at_path(folder.path()));
  EXPECT_EQ(set->spec().domain, "image");
  ASSERT_TRUE(set->spec().takes_given());
  const TokenSpec tokens = token_spec_of(set->spec().given[0]);
  EXPECT_EQ(tokens.length, 16);
  EXPECT_EQ(tokens.vocabulary, kFirstToken + 3);
  EXPECT_TRUE(tokens.ends);
  const Batch batch = read_batch(*set, {1, 0});
  EXPECT_EQ(domain_of(set->spec().given[0]).captions(batch.given),
            (std::vector<std::string>{"blue heart", "red heart"}));
  DataConfig longer = at_path(folder.path());
  longer.max_length = 1;
  const auto cut = open_dataset(longer);
  EXPECT_EQ(drawn_caption(*cut, 0, 0), "red");
  EXPECT_NE(cut->fingerprint(), set->fingerprint());
}

TEST(Captions, AllCaptionsAreDrawnHalfOfThemFurtherNames) {
  const TempFolder folder;
  write_pictures(folder, {"a.png"});
  write_bytes(folder / "captions.csv", "file,caption,tags\na.png,one,three four\na.png,two,\n");
  const auto set = open_dataset(at_path(folder.path()));
  std::map<std::string, int> counts;
  for (uint64_t draw = 0; draw < 400; ++draw) ++counts[drawn_caption(*set, 0, draw)];
  ASSERT_EQ(counts.size(), 4U);
  for (const auto& [caption, count] : counts) EXPECT_NEAR(count, 100, 40) << caption;
  EXPECT_EQ(drawn_caption(*set, 0, 7), drawn_caption(*set, 0, 7));
}

TEST(Captions, ATextFileBesideEachPicture) {
  const TempFolder folder;
  write_pictures(folder, {"x/a.png", "x/b.png", "y/c.png"});
  write_bytes(folder / "x/a.txt", "first line\r\n\nSecond  line\n");
  write_bytes(folder / "y/c.txt", "\n \n");
  write_bytes(folder / "x/b.txt", "b");
  write_bytes(folder / "x/z.txt", "no picture");
  const auto set = open_dataset(at_path(folder.path()));
  ASSERT_EQ(set->size(), 2);
  EXPECT_EQ(captioned(set).captions(0).main,
            (std::vector<std::string>{"first line", "second line"}));
  EXPECT_EQ(set->class_names(), (std::vector<std::string>{"x", "y"}));
  EXPECT_EQ(reasons(*set), (std::vector<std::string>{"y/c.txt: no caption in it",
                                                     "x/z.txt: captions without a picture",
                                                     "y/c.png: a picture without a caption"}));
}

TEST(Captions, AnArchiveWithItsCaptionsInsideOrBeside) {
  const std::string red = media::encode_png(plain(4, 4, {200, 0, 0}));
  const std::string half = media::encode_png(plain(4, 4, {0, 0, 0, 0}));  // nothing but backdrop
  const std::string pictures = tar_member("72/a.png", red) + tar_member("72/b.png", half);
  const std::string table = "file,caption\na.png,red\nb.png,clear\n";
  const TempFolder inside;
  write_bytes(inside / "set.tar", pictures + tar_member("captions.csv", table) + tar_end());
  const auto packed = open_dataset(at_path(inside / "set.tar"));
  const TempFolder beside;
  write_bytes(beside / "pictures.tar", pictures + tar_end());
  write_bytes(beside / "captions.csv", table);
  const auto folder = open_dataset(at_path(beside.path()));
  for (const auto& set : {packed, folder}) {
    EXPECT_EQ(set->kind(), "tar of images with captions");
    ASSERT_EQ(set->size(), 2);
    EXPECT_EQ(drawn_caption(*set, 1, 0), "clear");
    EXPECT_FLOAT_EQ(read_sample(*set, 1)[0], 1) << "transparent pixels lie on white";
  }
}

TEST(Captions, OtherDataStaysWhatItWas) {
  const TempFolder plain_folder;
  write_pictures(plain_folder, {"a.png", "b.png", "c.png"});
  write_bytes(plain_folder / "a.txt", "about one of three");
  write_bytes(plain_folder / "metadata.csv", "age,income\n1,2\n");
  const auto set = open_dataset(at_path(plain_folder.path()));
  EXPECT_FALSE(set->spec().takes_given());
  DataConfig asked = at_path(plain_folder.path());
  asked.domain = "captions";
  EXPECT_NE(open_error(asked), "");
  const TempFolder with_captions;
  write_pictures(with_captions, {"a.png"});
  write_bytes(with_captions / "captions.csv", "file,caption\na.png,x\n");
  DataConfig image = at_path(with_captions.path());
  image.domain = "image";
  EXPECT_FALSE(open_dataset(image)->spec().takes_given());
}

TEST(Captions, AModelsWordsAreKeptForOtherData) {
  const TempFolder first, second;
  write_pictures(first, {"a.png"});
  write_bytes(first / "captions.csv", "file,caption\na.png,red heart\n");
  write_pictures(second, {"a.png"});
  write_bytes(second / "captions.csv", "file,caption\na.png,green heart\n");
  const auto known = open_dataset(at_path(first.path()));
  const auto other =
      open_dataset(domain_of(known->spec()).fitting(at_path(second.path()), known->spec()));
  EXPECT_EQ(other->spec().given, known->spec().given);
  EXPECT_EQ(drawn_caption(*other, 0, 0), "<unk> heart");
}

TEST(Captions, TypedWordsBecomeACaption) {
  const TempFolder folder;
  write_pictures(folder, {"a.png"});
  write_bytes(folder / "captions.csv", "file,caption\na.png,red heart\n");
  const auto set = open_dataset(at_path(folder.path()));
  const SampleSpec& given = set->spec().given[0];
  const Domain& text = domain_of(given);
  EXPECT_EQ(text.captions(text.parse("A Red heart", given)).at(0), "<unk> red heart");
  EXPECT_THROW(text.parse("zebra", given), UsageError);
}

TEST(Captions, NotoEmoji) {
  const fs::path path = shared_data() / "noto_emoji_captioned";
  if (!fs::exists(path)) GTEST_SKIP() << path << " is not there";
  DataConfig config = at_path(path);
  config.size_px = 16;
  const auto set = open_dataset(config);
  EXPECT_EQ(set->size(), 1600);
  EXPECT_EQ(set->spec().shape, (std::vector<int64_t>{3, 16, 16}));
  EXPECT_EQ(set->class_names().size(), 8U);
  EXPECT_TRUE(set->broken().empty());
  int64_t hearts = 0;
  for (int64_t i = 0; i < set->size(); ++i)
    hearts += captioned(set).captions(i).main[0] == "red heart" ? 1 : 0;
  EXPECT_EQ(hearts, 1);
}

}  // namespace
}  // namespace ganymede::data
