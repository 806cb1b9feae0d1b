#include "ganymede/metrics/kernel_distance.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "ganymede/core/error.h"
#include "ganymede/core/random.h"
#include "tests/golden/metrics_golden.h"
#include "tests/metrics/threads.h"

namespace ganymede::metrics {
namespace {

at::Tensor cycled(int64_t count, int64_t size, int64_t subsets) {
  const at::Tensor i = at::arange(size).unsqueeze(0);
  return (i * 7 + at::arange(subsets).unsqueeze(1) * 13).remainder(count);
}

TEST(KernelDistance, EqualsNumpyOverGivenSubsets) {
  for (const auto& [name, golden] : golden::metric_numbers("kid").items()) {
    const auto [real, fake] = golden::moment_pair(name);
    const KernelDistance found = kernel_distance_over(real, fake, cycled(real.size(0), 150, 4),
                                                      cycled(fake.size(0), 150, 4));
    const double mean = golden["mean"];
    EXPECT_NEAR(found.mean, mean, 1e-10 * std::abs(mean)) << name;
    EXPECT_NEAR(found.sd, golden["sd"], 1e-10 * std::abs(mean)) << name;
    EXPECT_EQ(found.subsets, 4);
    EXPECT_EQ(found.subset_size, 150);
  }
}

TEST(KernelDistance, DrawsItsSubsetsByTheSeed) {
  const auto [real, fake] = golden::moment_pair("plain");
  std::vector<at::Tensor> r, f;
  for (int64_t s = 0; s < 3; ++s) {
    r.push_back(kernel_subset(real.size(0), 200, 9, true, s));
    f.push_back(kernel_subset(fake.size(0), 200, 9, false, s));
    const std::set<int64_t> rows(r.back().data_ptr<int64_t>(), r.back().data_ptr<int64_t>() + 200);
    EXPECT_EQ(rows.size(), 200U);
    EXPECT_GE(*rows.begin(), 0);
    EXPECT_LT(*rows.rbegin(), real.size(0));
  }
  EXPECT_FALSE(r[0].equal(r[1]));
  const KernelDistance found = kernel_distance(real, fake, 9, 3, 200);
  EXPECT_EQ(found.mean, kernel_distance_over(real, fake, at::stack(r), at::stack(f)).mean);
  EXPECT_NE(found.mean, kernel_distance(real, fake, 10, 3, 200).mean);
  EXPECT_EQ(kernel_distance(real, fake, 9, 3, 4000).subset_size, 500);  // all of the smaller side
}

// Unbiased: pairs of one distribution average 0.
TEST(KernelDistance, EqualDistributionsAverageZero) {
  double sum = 0;
  double squares = 0;
  constexpr int kPairs = 40;
  for (uint64_t i = 0; i < kPairs; ++i) {
    const at::Tensor x = Stream(1, "kid", 2 * i).normal({500, 32});
    const at::Tensor y = Stream(1, "kid", 2 * i + 1).normal({500, 32});
    const double value = kernel_distance(x, y, 0, 1, 500).mean;
    sum += value;
    squares += value * value;
  }
  const double error = std::sqrt(squares / kPairs / kPairs);
  EXPECT_LT(std::abs(sum / kPairs), 4 * error);
  EXPECT_LT(error, 1e-3);  // a biased estimate would add about 2 (2^3 - 1) / 500 = 0.03
}

TEST(KernelDistance, ThreadsChangeNoBit) {
  const auto [real, fake] = golden::moment_pair("wide");
  const testing::Threads threads;
  testing::Threads::use(1);
  const KernelDistance one = kernel_distance(real, fake, 3, 5, 300);
  const KernelDistance single = kernel_distance(real, fake, 3, 1, 900);
  testing::Threads::use(2);
  EXPECT_EQ(kernel_distance(real, fake, 3, 5, 300).mean, one.mean);
  EXPECT_EQ(kernel_distance(real, fake, 3, 5, 300).sd, one.sd);
  EXPECT_EQ(kernel_distance(real, fake, 3, 1, 900).mean, single.mean);
}

TEST(KernelDistance, RefusesWhatHasNoValue) {
  const at::Tensor x = at::zeros({5, 2});
  EXPECT_THROW(kernel_distance(x, at::zeros({5, 3}), 0), UsageError);
  EXPECT_THROW(kernel_distance(x, at::zeros({1, 2}), 0), UsageError);
  EXPECT_THROW(kernel_distance(x, x, 0, 0), UsageError);
  EXPECT_THROW(kernel_distance(x, x, 0, 1, 1), UsageError);
  EXPECT_THROW(kernel_distance_over(x, x, cycled(5, 3, 2), cycled(5, 3, 1)), UsageError);
  EXPECT_THROW(kernel_distance_over(x, x, cycled(9, 3, 2), cycled(5, 3, 2)), UsageError);
}

}  // namespace
}  // namespace ganymede::metrics
