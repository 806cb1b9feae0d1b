// BLEU and Self-BLEU against nltk (tests/golden/bleu.py), and what metrics see of texts.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "ganymede/core/error.h"
#include "ganymede/core/token_spec.h"
#include "ganymede/data/text/text_data.h"
#include "ganymede/metrics/evaluation.h"
#include "ganymede/metrics/text/sentences.h"

namespace ganymede::metrics {
namespace {

using nlohmann::json;

// As bleu.py.
Sentence sentence(int64_t i, int64_t words) {
  Sentence tokens;
  for (int64_t t = 0; t < 1 + (5 * i + i * i) % 9; ++t) {
    tokens.push_back(static_cast<int32_t>(4 + (i * t + 3 * t + i) % words));
  }
  return tokens;
}

std::vector<Sentence> sentences(int64_t first, int64_t count, int64_t words) {
  std::vector<Sentence> all;
  for (int64_t i = 0; i < count; ++i) all.push_back(sentence(first + i, words));
  return all;
}

TEST(Bleu, IsThatOfNltk) {
  constexpr double kTolerance = 1e-12;
  for (const json& golden :
       json::parse(std::ifstream(GANYMEDE_SOURCE_DIR "/tests/golden/bleu.json"))) {
    const int64_t words = golden["words"];
    const auto made = sentences(0, golden["hypotheses"], words);
    const auto real = sentences(50, golden["references"], words);
    const BleuReferences references(real);
    const auto bleu = mean_bleu(made, real), self = self_bleu(made);
    for (size_t n = 0; n < kMostGrams; ++n) {
      for (size_t i = 0; i < made.size(); ++i) {
        EXPECT_NEAR(references.bleu(made[i])[n], golden["each"][i][n].get<double>(), kTolerance);
      }
      EXPECT_NEAR(bleu[n], golden["bleu"][n].get<double>(), kTolerance);
      EXPECT_NEAR(self[n], golden["self_bleu"][n].get<double>(), kTolerance);
    }
  }
}

TEST(Bleu, OfNothingIsZero) {
  const BleuReferences none({});
  EXPECT_EQ(none.bleu({4, 5})[0], 0);
  const BleuReferences some({{4, 5}, {}});
  EXPECT_EQ(some.bleu({})[1], 0);
  EXPECT_EQ(some.bleu({7})[0], 0);
  EXPECT_EQ(self_bleu({{4, 5}})[0], 0);
  EXPECT_EQ(self_bleu({{4, 5}, {4, 5}})[1], 1);
}

TEST(Sentences, EndWhereTheirSamplesDo) {
  const at::Tensor samples =
      at::tensor({4.0F, 5.0F, 3.0F, 0.0F, 6.0F, 2.0F, 4.0F, 5.0F}).view({2, 4});
  const auto found = sentences_of(samples);
  EXPECT_EQ(found[0], (Sentence{4, 5}));
  EXPECT_EQ(found[1], (Sentence{6, 2, 4, 5}));
  EXPECT_EQ(new_share(found, {{4, 5}, {1}}), 0.5);
  EXPECT_TRUE(std::isnan(new_share({}, {})));
}

// 40 texts of six words; half of the sentences of `odd` are none of the other half.
std::shared_ptr<data::TextDataset> texts(bool odd) {
  const auto vocabulary = std::make_shared<const data::Vocabulary>(
      data::Vocabulary::of_words({"a", "b", "c", "d", "e", "f"}));
  std::vector<int32_t> rows;
  for (int32_t i = 0; i < 40; ++i) {
    for (const int32_t token : {4 + i % 6, 4 + (i / 6) % 6, odd ? 5 : 4 + i % 2})
      rows.push_back(token);
    rows.push_back(static_cast<int32_t>(kEndToken));
  }
  return std::make_shared<data::TextDataset>("text", vocabulary, rows, 4, true);
}

TEST(TextMetrics, AreTheDefaultsOfTexts) {
  EvaluationOptions options;
  options.samples = 20;
  options.repeats = 1;
  Subject subject = stored_subject(texts(true), "odd");
  subject.log_likelihood = [](const at::Tensor& samples) {
    return at::full({samples.size(0)}, -8.0);  // two nats for each of three words and the end
  };
  const Record record = evaluate(subject, *texts(false), options);
  std::map<std::string, Score> scores;
  for (const Score& score : record.scores) scores[score.name] = score;
  for (const char* name : {"BLEU-2", "BLEU-5", "Self-BLEU-2", "Self-BLEU-5"}) {
    ASSERT_TRUE(scores.contains(name)) << name;
    EXPECT_GT(scores[name].value, 0) << name;
    EXPECT_LE(scores[name].value, 1) << name;
    EXPECT_FALSE(std::isnan(scores[name].floor)) << name;
  }
  EXPECT_GT(scores["BLEU-2"].floor, scores["BLEU-2"].value - 0.5);
  ASSERT_TRUE(scores.contains("new texts"));
  EXPECT_NEAR(scores["NLL-test"].value, 2, 1e-6);
}

TEST(TextMetrics, AreRefusedWhereTheyCannotBe) {
  EvaluationOptions options;
  options.samples = 10;
  options.metrics = {"nll_test"};
  EXPECT_THROW(evaluate(stored_subject(texts(true), "odd"), *texts(false), options), UsageError);
  options.metrics = {"nll_oracle"};
  EXPECT_THROW(evaluate(stored_subject(texts(true), "odd"), *texts(false), options), UsageError);
}

}  // namespace
}  // namespace ganymede::metrics
