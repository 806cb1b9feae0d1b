#include "ganymede/data/noise.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

namespace ganymede::data {
namespace {

TEST(Noise, FillsTheRangeAndFollowsItsSeed) {
  const SampleSpec spec{.domain = "image", .shape = {3, 8, 8}};
  const auto first = noise_dataset(spec, 64, 1), again = noise_dataset(spec, 64, 1);
  const auto other = noise_dataset(spec, 64, 2);
  EXPECT_EQ(first->spec(), spec);
  EXPECT_EQ(first->size(), 64);
  const std::vector<int64_t> all = {0, 1, 2, 3, 60, 61, 62, 63};
  const at::Tensor samples = read_batch(*first, all).samples;
  EXPECT_TRUE(samples.equal(read_batch(*again, all).samples));
  EXPECT_FALSE(samples.equal(read_batch(*other, all).samples));
  EXPECT_FALSE(samples[0].equal(samples[1]));
  // Uniform in [-1, 1): mean 0, variance 1/3, over 1536 values.
  EXPECT_GE(samples.min().item<double>(), -1);
  EXPECT_LT(samples.max().item<double>(), 1);
  EXPECT_NEAR(samples.mean().item<double>(), 0, 0.08);
  EXPECT_NEAR(samples.square().mean().item<double>(), 1.0 / 3, 0.05);
  EXPECT_NE(first->fingerprint(), other->fingerprint());
}

}  // namespace
}  // namespace ganymede::data
