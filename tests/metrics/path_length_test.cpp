// Perceptual path length of generators whose answer is known in closed form.
#include "ganymede/metrics/path_length.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numbers>

#include "ganymede/core/error.h"

namespace ganymede::metrics {
namespace {

at::Tensor identity(const at::Tensor& z) { return z; }

at::Tensor squared_distance(const at::Tensor& a, const at::Tensor& b) {
  return (a.to(at::kDouble) - b.to(at::kDouble)).square().sum(1);
}

TEST(PathLength, StraightPathsOfALinearGenerator) {
  const at::Tensor matrix = at::tensor({1.0, -2.0, 0.5, 0.25, 3.0, 1.5}, at::kFloat).view({3, 2});
  std::vector<at::Tensor> ends;
  const auto record = [&ends](const at::Tensor& z) {
    ends.push_back(z);
    return z;
  };
  const auto linear = [&matrix](const at::Tensor& z) { return z.mm(matrix); };
  // |(b - a) M|^2 for every pair, wherever t lies.
  const PathLength found =
      path_length(linear, squared_distance, 3, false, 301, 7, /*epsilon=*/0.25, record);
  std::vector<at::Tensor> lengths;
  for (size_t i = 0; i < ends.size(); i += 2) {
    const at::Tensor step = (ends[i + 1] - ends[i]).to(at::kDouble);
    lengths.push_back(step.mm(matrix.to(at::kDouble)).square().sum(1));
  }
  const at::Tensor all = std::get<0>(at::cat(lengths).sort());
  ASSERT_EQ(all.numel(), 301);
  const at::Tensor kept = all.narrow(0, 3, 295);  // of 0 .. 300, without 1 % at either end
  EXPECT_NEAR(found.mean, kept.mean().item<double>(), 1e-4 * found.mean);
  EXPECT_NEAR(found.sd, kept.std().item<double>(), 1e-4 * found.mean);
  EXPECT_EQ(found.pairs, 301);
  const PathLength fine = path_length(linear, squared_distance, 3, false, 301, 7);
  EXPECT_NEAR(fine.mean, found.mean, 0.01 * found.mean);  // float32 at a step of 1e-4
}

// Uniform in [-1, 1]^d: E |b - a|^2 = 2 d / 3.
TEST(PathLength, UniformLatentsOnStraightLines) {
  const PathLength found = path_length(identity, squared_distance, 64, false, 2000, 1, 0.01);
  EXPECT_NEAR(found.mean, 2.0 * 64 / 3, 0.01 * found.mean);
}

// Normal latents in many dimensions are orthogonal and of length sqrt(d): a quarter circle, walked
// at constant speed, so (pi / 2)^2 d everywhere.
TEST(PathLength, NormalLatentsOnGreatCircles) {
  const int64_t d = 512;
  const PathLength found = path_length(identity, squared_distance, d, true, 1000, 1, 0.01);
  EXPECT_NEAR(found.mean, std::pow(std::numbers::pi / 2, 2) * d, 0.01 * found.mean);
  EXPECT_LT(found.sd, 0.15 * found.mean);
}

TEST(PathLength, OutliersAreLeftOut) {
  int64_t seen = 0;
  const auto distance = [&seen](const at::Tensor& a, const at::Tensor&) {
    at::Tensor d = at::ones({a.size(0)});
    if (seen == 0) d[0] = 1e9;
    seen += a.size(0);
    return d;
  };
  const PathLength found = path_length(identity, distance, 2, true, 1000, 1, 1.0);
  EXPECT_EQ(seen, 1000);
  EXPECT_NEAR(found.mean, 1, 1e-12);
  EXPECT_NEAR(found.sd, 0, 1e-12);
}

TEST(PathLength, KeyedBySeedAndPair) {
  const auto run = [](int64_t pairs, uint64_t seed) {
    return path_length(identity, squared_distance, 3, true, pairs, seed).mean;
  };
  EXPECT_EQ(run(50, 1), run(50, 1));
  EXPECT_NE(run(50, 1), run(50, 2));
}

TEST(PathLength, RefusesWhatDoesNotFit) {
  const auto none = [](const at::Tensor&, const at::Tensor&) { return at::zeros({1}); };
  const auto broken = [](const at::Tensor& a, const at::Tensor&) {
    return at::full({a.size(0)}, std::numeric_limits<double>::quiet_NaN());
  };
  EXPECT_THROW(path_length(identity, squared_distance, 0, true, 10, 1), UsageError);
  EXPECT_THROW(path_length(identity, squared_distance, 3, true, 0, 1), UsageError);
  EXPECT_THROW(path_length(identity, squared_distance, 3, true, 10, 1, 0), UsageError);
  EXPECT_THROW(path_length(identity, none, 3, true, 10, 1), UsageError);
  EXPECT_THROW(path_length(identity, broken, 3, true, 10, 1), NumericError);
}

}  // namespace
}  // namespace ganymede::metrics
