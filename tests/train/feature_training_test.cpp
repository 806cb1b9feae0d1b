#include "ganymede/train/feature_training.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "ganymede/core/error.h"

namespace ganymede::train {
namespace {

std::shared_ptr<data::Dataset> open(const std::string& path, int64_t limit, bool labels = true) {
  data::DataConfig config;
  if (path == "digits") config.size_px = 16;
  config.path = path;
  config.limit = limit;
  config.labels = labels;
  return data::open_dataset(config);
}

double largest_difference(const metrics::TrainedNet& a, const metrics::TrainedNet& b) {
  double largest = 0;
  const nn::TensorMap other = b.encoder->state();
  for (const auto& [name, tensor] : a.encoder->state()) {
    largest = std::max(largest, (tensor - other.at(name)).abs().max().item<double>());
  }
  return largest;
}

TEST(FeatureTraining, LearnsToTellDigitsApart) {
  const auto digits = open("digits", 1500);
  const metrics::TrainedNet net =
      train_feature_net(*digits, {.kimg = 4, .batch = 32, .split = "train"});
  EXPECT_EQ(net.info.kind(), "classifier");
  EXPECT_EQ(net.info.classes, 10);
  EXPECT_EQ(net.info.held_out, 150);
  EXPECT_EQ(net.info.data_fingerprint, digits->fingerprint());
  EXPECT_GT(net.info.accuracy, 0.8);  // chance: 0.1
}

TEST(FeatureTraining, IsAPureFunctionOfTheSeed) {
  const auto digits = open("digits", 100);
  const auto train = [&](uint64_t seed) {
    return train_feature_net(*digits, {.kimg = 0.3, .batch = 16, .seed = seed});
  };
  const metrics::TrainedNet first = train(1);
  EXPECT_EQ(largest_difference(first, train(1)), 0);
  EXPECT_GT(largest_difference(first, train(2)), 0);
}

TEST(FeatureTraining, MakesAnAutoencoderWithoutLabels) {
  const auto digits = open("digits", 400, /*labels=*/false);
  const metrics::TrainedNet net = train_feature_net(*digits, {.kimg = 4, .batch = 16});
  EXPECT_EQ(net.info.kind(), "autoencoder");
  EXPECT_FALSE(net.head);
  EXPECT_EQ(net.info.held_out, 40);
  EXPECT_GT(net.info.accuracy, 0.05);  // the mean image: 0
  EXPECT_LT(net.info.accuracy, 1);
}

TEST(FeatureTraining, RefusesWhatCannotWork) {
  const auto digits = open("digits", 50);
  const auto unlabelled = open("digits", 50, false);
  EXPECT_THROW(train_feature_net(*unlabelled, {.kind = "classifier"}), UsageError);
  EXPECT_THROW(train_feature_net(*open("digits", 19), {}), UsageError);
  EXPECT_THROW(train_feature_net(*open("ring8", 50), {}), UsageError);
  EXPECT_THROW(train_feature_net(*digits, {.kind = "gan"}), UsageError);
  EXPECT_THROW(train_feature_net(*digits, {.kimg = -1}), UsageError);
  EXPECT_THROW(train_feature_net(*digits, {.batch = 0}), UsageError);
  EXPECT_THROW(train_feature_net(*digits, {.dim = 0}), UsageError);
}

}  // namespace
}  // namespace ganymede::train
