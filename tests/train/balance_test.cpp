// The update schedule that helps the loser, its limits; means of scalars.
#include "ganymede/train/balance.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

#include "ganymede/train/statistics.h"

namespace ganymede::train {
namespace {

BalanceConfig enabled() {
  BalanceConfig config;
  config.enabled = true;
  config.high = 0.8;
  config.low = 0.6;
  config.max_repeats = 4;
  config.smoothing_kimg = 1;
  return config;
}

Balance at_accuracy(double accuracy, BalanceConfig config = enabled()) {
  Balance balance(config);
  balance.restore(accuracy);
  return balance;
}

TEST(Balance, DoesNothingUnlessEnabledAndObserved) {
  BalanceConfig off = enabled();
  off.enabled = false;
  Balance balance(off);
  balance.observe(1.0, 64);
  EXPECT_EQ(balance.repeats(false), 1);
  EXPECT_LT(balance.accuracy(), 0);
  const Balance fresh(enabled());
  EXPECT_EQ(fresh.repeats(true), 1);
  EXPECT_EQ(fresh.repeats(false), 1);
}

TEST(Balance, GivesGMoreWhenDWins) {
  // (0.9 - 0.8) / (1 - 0.8) = half of the three extra updates, rounded up.
  EXPECT_EQ(at_accuracy(0.80).repeats(false), 1);
  EXPECT_EQ(at_accuracy(0.85).repeats(false), 2);
  EXPECT_EQ(at_accuracy(0.90).repeats(false), 3);
  EXPECT_EQ(at_accuracy(1.00).repeats(false), 4);
  EXPECT_EQ(at_accuracy(1.00).repeats(true), 1);
}

TEST(Balance, GivesDMoreWhenDLoses) {
  EXPECT_EQ(at_accuracy(0.60).repeats(true), 1);
  EXPECT_EQ(at_accuracy(0.45).repeats(true), 2);
  EXPECT_EQ(at_accuracy(0.30).repeats(true), 3);
  EXPECT_EQ(at_accuracy(0.00).repeats(true), 4);
  EXPECT_EQ(at_accuracy(0.00).repeats(false), 1);
}

TEST(Balance, StaysBetweenOneAndItsLimit) {
  for (const int64_t most : {1, 2, 7}) {
    for (const double edge : {0.0, 0.5, 1.0}) {
      BalanceConfig config = enabled();
      config.max_repeats = most;
      config.high = config.low = edge;
      for (double accuracy = 0; accuracy <= 1.0; accuracy += 0.05) {
        for (const bool discriminator : {false, true}) {
          const int64_t repeats = at_accuracy(accuracy, config).repeats(discriminator);
          EXPECT_GE(repeats, 1);
          EXPECT_LE(repeats, most);
        }
      }
    }
  }
}

TEST(Balance, SmoothsByHalfLife) {
  Balance balance(enabled());
  balance.observe(0.2, 64);
  EXPECT_DOUBLE_EQ(balance.accuracy(), 0.2);  // the first one counts in full
  balance.observe(1.0, 1000);                 // one half-life
  EXPECT_DOUBLE_EQ(balance.accuracy(), 0.6);
  for (int i = 0; i < 4; ++i) balance.observe(1.0, 250);
  EXPECT_NEAR(balance.accuracy(), 0.8, 1e-12);
}

TEST(Statistics, TakesMeansAndStartsAnew) {
  Statistics statistics;
  EXPECT_TRUE(statistics.empty());
  statistics.add("tensor", at::scalar_tensor(1.0));
  statistics.add("tensor", at::scalar_tensor(4.0));
  statistics.add("number", 2.0);
  statistics.add("number", 5.0);
  statistics.add("number", 8.0);
  EXPECT_FALSE(statistics.empty());
  const auto means = statistics.take();
  ASSERT_EQ(means.size(), 2U);
  EXPECT_DOUBLE_EQ(means.at("tensor"), 2.5);
  EXPECT_DOUBLE_EQ(means.at("number"), 5.0);
  EXPECT_TRUE(statistics.empty());
  EXPECT_TRUE(statistics.take().empty());
}

TEST(Statistics, KeepsNoGraph) {
  Statistics statistics;
  const at::Tensor weight = at::ones({}).set_requires_grad(true);
  const auto owners_before = weight.use_count();
  statistics.add("loss", weight * 3);
  EXPECT_EQ(weight.use_count(), owners_before);
  EXPECT_DOUBLE_EQ(statistics.take().at("loss"), 3.0);
}

TEST(Statistics, PassesNanOn) {
  Statistics statistics;
  statistics.add("loss", at::scalar_tensor(NAN));
  statistics.add("loss", at::scalar_tensor(1.0));
  EXPECT_TRUE(std::isnan(statistics.take().at("loss")));
}

}  // namespace
}  // namespace ganymede::train
