#include "ganymede/metrics/interval.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

#include "ganymede/core/error.h"
#include "ganymede/core/random.h"

namespace ganymede::metrics {
namespace {

// The mean of n samples has the standard error sd / sqrt(n), and 95 % of a normal lie within 1.96.
TEST(Interval, OfAMeanIsTheTextbookOne) {
  const at::Tensor x = Stream(1, "interval").normal({1000}).to(at::kDouble) * 3 + 10;
  const auto mean = [&](const at::Tensor& rows) {
    return x.index_select(0, rows).mean().item<double>();
  };
  const double error = x.std().item<double>() / std::sqrt(1000.0);
  const double middle = x.mean().item<double>();
  const Interval wide = bootstrap_interval(1000, 2000, 7, mean);
  EXPECT_NEAR(wide.low, middle - 1.96 * error, 0.15 * error);
  EXPECT_NEAR(wide.high, middle + 1.96 * error, 0.15 * error);
  const Interval narrow = bootstrap_interval(1000, 2000, 7, mean, 0.6827);
  EXPECT_NEAR(narrow.high - narrow.low, 2 * error, 0.15 * error);
  EXPECT_EQ(bootstrap_interval(1000, 2000, 7, mean).low, wide.low);
  EXPECT_NE(bootstrap_interval(1000, 2000, 8, mean).low, wide.low);
}

TEST(Interval, InterpolatesBetweenValues) {
  double next = 0;
  const auto count_up = [&](const at::Tensor&) { return next++; };
  const Interval found = bootstrap_interval(1, 11, 0, count_up, 0.5);  // of 0 ... 10
  EXPECT_DOUBLE_EQ(found.low, 2.5);
  EXPECT_DOUBLE_EQ(found.high, 7.5);
}

TEST(Interval, RefusesWhatHasNone) {
  const auto zero = [](const at::Tensor&) { return 0.0; };
  EXPECT_THROW(bootstrap_interval(0, 10, 0, zero), UsageError);
  EXPECT_THROW(bootstrap_interval(1, 1, 0, zero), UsageError);
  EXPECT_THROW(bootstrap_interval(1, 10, 0, zero, 1.0), UsageError);
  EXPECT_THROW(bootstrap_interval(1, 10, 0, [](const at::Tensor&) { return NAN; }), NumericError);
}

}  // namespace
}  // namespace ganymede::metrics
