// Modes of stacked digits: a classifier that reads brightness makes the answer exact; one that
// knows the mean digits finds the modes of the built-in set.
#include "ganymede/metrics/stacked_digits.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

#include "ganymede/core/error.h"
#include "ganymede/data/dataset.h"
#include "ganymede/data/digits.h"
#include "ganymede/data/domain.h"

namespace ganymede::metrics {
namespace {

class Classifier : public FeatureNet {
 public:
  std::string name() const override { return "test"; }
  std::string sha256() const override { return std::string(64, '0'); }
  int64_t dim() const override { return 10; }
  std::string resize_mode() const override { return "none"; }
  int64_t classes() const override { return 10; }
  at::Tensor features(const at::Tensor& samples) const override { return probabilities(samples); }
};

// A digit d is a picture whose every byte is 20 d.
class BrightnessClassifier final : public Classifier {
 public:
  at::Tensor probabilities(const at::Tensor& samples) const override {
    EXPECT_EQ(samples.sizes().slice(1), at::IntArrayRef({1, 28, 28}));
    EXPECT_EQ(samples.scalar_type(), at::kFloat);
    const at::Tensor bytes = (samples.flatten(1).mean(1) + 1) * 127.5;
    return at::one_hot((bytes / 20).round().to(at::kLong), 10).to(at::kFloat);
  }
};

// The nearest mean of 200 procedural digits each.
class MeanClassifier final : public Classifier {
 public:
  MeanClassifier() : means_(at::zeros({10, 784})) {
    for (int64_t i = 0; i < 2000; ++i) {
      const media::Image digit = data::draw_digit(i);
      const at::Tensor bytes =
          at::tensor(std::vector<float>(digit.pixels.begin(), digit.pixels.end()));
      means_[i % 10].add_((bytes / 127.5 - 1) / 200);
    }
  }
  at::Tensor probabilities(const at::Tensor& samples) const override {
    return at::softmax(-at::cdist(samples.flatten(1), means_), 1);
  }

 private:
  at::Tensor means_;
};

// uint8 stacks of the given classes, three brightnesses each.
at::Tensor stacks_of(const at::Tensor& classes) {
  const at::Tensor digits =
      at::stack({classes.floor_divide(100), at::remainder(classes.floor_divide(10), 10),
                 at::remainder(classes, 10)},
                1);
  return (digits * 20).to(at::kByte).view({-1, 3, 1, 1}).expand({-1, 3, 28, 28});
}

TEST(StackedModes, EveryClassOnce) {
  const StackedModes found = stacked_modes(stacks_of(at::arange(1000)), BrightnessClassifier());
  EXPECT_EQ(found.modes, 1000);
  EXPECT_EQ(found.samples, 1000);
  EXPECT_NEAR(found.kl, 0, 1e-12);
}

TEST(StackedModes, CollapseInClosedForm) {
  const BrightnessClassifier net;
  const StackedModes one = stacked_modes(stacks_of(at::full({300}, 407)), net);
  EXPECT_EQ(one.modes, 1);
  EXPECT_NEAR(one.kl, std::log(1000.0), 1e-12);
  // Shares 3/4 and 1/4.
  const at::Tensor two = at::cat({at::full({300}, 12), at::full({100}, 998)});
  const StackedModes uneven = stacked_modes(stacks_of(two), net);
  EXPECT_EQ(uneven.modes, 2);
  EXPECT_NEAR(uneven.kl, 0.75 * std::log(750.0) + 0.25 * std::log(250.0), 1e-12);
}

// 1000 (1 - exp(-4)) = 982 modes are expected among 4000 uniform ones.
TEST(StackedModes, BuiltInStacksWithMeanDigits) {
  data::DataConfig config;
  config.path = "stacked-digits";
  const auto set = data::open_dataset(config);
  std::vector<int64_t> all, sevens;
  for (int64_t i = 0; i < 4000; ++i) {
    all.push_back(i);
    if (set->label(i) / 100 == 7) sevens.push_back(i);
  }
  const MeanClassifier net;
  const auto modes = [&](const std::vector<int64_t>& indices) {
    return stacked_modes(data::to_bytes(data::read_batch(*set, indices).samples), net);
  };
  const StackedModes healthy = modes(all);
  EXPECT_GT(healthy.modes, 930);
  EXPECT_LT(healthy.kl, 0.4);
  const StackedModes collapsed = modes(sevens);
  EXPECT_LT(collapsed.modes, 250);
  EXPECT_GT(collapsed.kl, 1.5);
}

TEST(StackedModes, RefusesWhatDoesNotFit) {
  class Nameless final : public Classifier {
   public:
    int64_t classes() const override { return 0; }
    at::Tensor probabilities(const at::Tensor&) const override { return {}; }
  };
  const at::Tensor stacks = stacks_of(at::arange(3));
  EXPECT_THROW(stacked_modes(stacks, Nameless()), UsageError);
  EXPECT_THROW(stacked_modes(stacks.narrow(1, 0, 1), BrightnessClassifier()), UsageError);
  EXPECT_THROW(stacked_modes(stacks.to(at::kFloat), BrightnessClassifier()), UsageError);
}

}  // namespace
}  // namespace ganymede::metrics
