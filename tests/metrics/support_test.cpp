#include "ganymede/metrics/support.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

#include "ganymede/core/error.h"
#include "ganymede/core/random.h"

namespace ganymede::metrics {
namespace {

// Samples of a generator that can make `support` different ones, each with a little noise.
at::Tensor from_support(int64_t support, int64_t count, double noise, uint64_t seed) {
  const at::Tensor kinds = Stream(seed, "kinds").normal({support, 16});
  const at::Tensor which = Stream(seed, "which").integers({count}, 0, support);
  return kinds.index_select(0, which) + noise * Stream(seed, "noise").normal({count, 16});
}

// Half of the batches of about sqrt(2 log 2 M) collide (the birthday problem). The number of pairs
// found is Poisson around count^2 / (2 M) >= 800, the median of 400 trials errs by some 3 %.
TEST(Support, FindsHowManyThereAre) {
  for (const int64_t support : {50, 400, 2000}) {
    const Support found = support_size(from_support(support, 2000, 1e-4, 1), 0.01, 2);
    EXPECT_NEAR(found.estimated_support / static_cast<double>(support), 1, 0.2) << support;
    EXPECT_NEAR(found.collision_rate, 0.5, 0.06) << support;
    const double batch = std::sqrt(2 * std::log(2.0) * static_cast<double>(support));
    EXPECT_NEAR(static_cast<double>(found.batch), batch, 1 + 0.1 * batch) << support;
  }
}

TEST(Support, TheDistanceDecides) {
  const at::Tensor samples = from_support(100, 600, 1e-3, 3);
  EXPECT_EQ(support_size(samples, 0, 0).collision_rate, 0);
  EXPECT_GT(support_size(samples, 0.02, 0).collision_rate, 0.4);
  // Equal samples are duplicates at distance 0.
  EXPECT_NEAR(support_size(from_support(100, 600, 0, 3), 0, 0).estimated_support, 100, 25);
}

TEST(Support, OnlyALowerBoundWithoutDuplicates) {
  const Support found = support_size(Stream(4, "apart").normal({300, 16}), 1e-3, 0);
  EXPECT_EQ(found.batch, 300);
  EXPECT_EQ(found.collision_rate, 0);
  EXPECT_NEAR(found.estimated_support, 300 * 299 / (2 * std::log(2.0)), 1e-6);
}

TEST(Support, ACollapsedGeneratorHasOne) {
  const Support found = support_size(at::zeros({200, 3}), 0, 0);
  EXPECT_EQ(found.batch, 2);
  EXPECT_EQ(found.collision_rate, 1);
  EXPECT_LT(found.estimated_support, 1);
}

TEST(Support, RefusesWhatIsNoDistance) {
  EXPECT_THROW(support_size(at::zeros({1, 3}), 1, 0), UsageError);
  EXPECT_THROW(support_size(at::zeros({9, 3}), -1, 0), UsageError);
  EXPECT_THROW(support_size(at::zeros({9, 3}), NAN, 0), UsageError);
}

}  // namespace
}  // namespace ganymede::metrics
