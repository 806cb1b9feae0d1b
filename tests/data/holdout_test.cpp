// Held-out samples: never in training, the same for every run, or the data's own test split.
#include "ganymede/data/holdout.h"

#include <gtest/gtest.h>

#include <set>

#include "ganymede/core/error.h"
#include "support.h"

namespace ganymede::data {
namespace {

DataConfig points(int64_t holdout, const std::string& split = "train") {
  DataConfig config;
  config.path = "swissroll";
  config.limit = 300;
  config.split = split;
  config.holdout = holdout;
  return config;
}

std::set<std::vector<float>> values(const Dataset& dataset) {
  std::set<std::vector<float>> found;
  for (int64_t i = 0; i < dataset.size(); ++i) found.insert(testing::read_sample(dataset, i));
  return found;
}

TEST(Holdout, SplitsTheDataWithoutOverlap) {
  const auto training = open_dataset(points(40));
  const auto holdout = open_holdout(points(40), training);
  ASSERT_TRUE(holdout);
  EXPECT_EQ(training->size(), 260);
  EXPECT_EQ(holdout->size(), 40);
  auto all = values(*training);
  for (const auto& sample : values(*holdout)) EXPECT_TRUE(all.insert(sample).second);
  EXPECT_EQ(all, values(*open_dataset(points(0))));
  // The last ones of the permutation: holding out more keeps these.
  const auto more = values(*open_holdout(points(60), open_dataset(points(60))));
  for (const auto& sample : values(*holdout)) EXPECT_TRUE(more.contains(sample));
}

TEST(Holdout, IsPartOfTheFingerprint) {
  const auto whole = open_dataset(points(0)), training = open_dataset(points(40));
  EXPECT_NE(training->fingerprint(), whole->fingerprint());
  EXPECT_EQ(training->fingerprint(), open_dataset(points(40))->fingerprint());
  EXPECT_NE(training->fingerprint(), open_holdout(points(40), training)->fingerprint());
}

TEST(Holdout, TheTestSplitServesWithoutAKey) {
  const auto training = open_dataset(points(0));
  const auto holdout = open_holdout(points(0), training);
  ASSERT_TRUE(holdout);
  EXPECT_EQ(holdout->size(), 10000);  // the limit is of training
  const auto seen = values(*training);
  for (const auto& sample : values(*holdout)) EXPECT_FALSE(seen.contains(sample));
}

TEST(Holdout, ThereIsNoneWhenTrainingUsesTheTestSplit) {
  for (const char* split : {"test", "all"}) {
    EXPECT_FALSE(open_holdout(points(0, split), open_dataset(points(0, split)))) << split;
  }
}

TEST(Holdout, MustLeaveSomethingToTrainOn) {
  EXPECT_THROW(open_dataset(points(300)), UsageError);
  EXPECT_EQ(open_dataset(points(299))->size(), 1);
}

}  // namespace
}  // namespace ganymede::data
