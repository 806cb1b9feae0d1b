#include "ganymede/metrics/modes.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "ganymede/core/error.h"
#include "ganymede/core/random.h"

namespace ganymede::metrics {
namespace {

at::Tensor grid25() {
  at::Tensor centers = at::empty({25, 2});
  for (int i = 0; i < 25; ++i) {
    const int row = i / 5;
    centers[i][0] = 2.0 * (i % 5 - 2);
    centers[i][1] = 2.0 * (row - 2);
  }
  return centers;
}

TEST(Modes, SamplesOfTheMixtureReachAllModes) {
  Stream random(1, "modes");
  const at::Tensor choice = random.integers({20000}, 0, 25);
  const at::Tensor points = grid25().index_select(0, choice) + random.normal({20000, 2}) * 0.05;
  const ModeReport report = count_modes(points, grid25(), 0.05);
  EXPECT_EQ(report.modes, 25);
  EXPECT_EQ(report.found, 25);
  // In two dimensions 1 - exp(-9/2) of a Gaussian lies within three deviations.
  const double share = 1 - std::exp(-4.5);
  EXPECT_NEAR(report.high_quality_share, share, 5 * std::sqrt(share * (1 - share) / 20000));
  EXPECT_LT(report.kl_to_uniform, 0.003);  // about (K - 1) / (2 N) = 0.0006 for even counts
}

TEST(Modes, ACollapsedGeneratorIsSeen) {
  const at::Tensor points = grid25().slice(0, 3, 4).expand({500, 2});
  const ModeReport report = count_modes(points, grid25(), 0.05);
  EXPECT_EQ(report.found, 1);
  EXPECT_EQ(report.counts[3], 500);
  EXPECT_EQ(report.high_quality_share, 1);
  EXPECT_NEAR(report.kl_to_uniform, std::log(25.0), 1e-12);
}

TEST(Modes, HalfTheModesCostLogTwo) {
  const at::Tensor centers = at::tensor({0.0, 10.0, 20.0, 30.0}).view({4, 1});
  const at::Tensor points = at::tensor({0.0, 0.1, 10.0, 10.1}).view({4, 1});
  EXPECT_NEAR(count_modes(points, centers, 0.1).kl_to_uniform, std::log(2.0), 1e-12);
}

TEST(Modes, TheLimitIsThreeDeviations) {
  const at::Tensor centers = at::zeros({1, 2}, at::kDouble);
  const at::Tensor points =
      at::tensor({0.299, 0.0, 0.301, 0.0, 0.2, 0.2, 0.22, 0.22}, at::kDouble).view({4, 2});
  const ModeReport report = count_modes(points, centers, 0.1);
  EXPECT_EQ(report.counts, (std::vector<int64_t>{2}));
  EXPECT_EQ(report.high_quality_share, 0.5);
  EXPECT_EQ(count_modes(points, centers, 0.1, 4).counts[0], 4);
}

TEST(Modes, NoiseFarAwayFindsNothing) {
  const at::Tensor points = at::full({10, 2}, 1e3);
  const ModeReport report = count_modes(points, grid25(), 0.05);
  EXPECT_EQ(report.found, 0);
  EXPECT_EQ(report.high_quality_share, 0);
  EXPECT_NEAR(report.kl_to_uniform, std::log(25.0), 1e-12);
  const at::Tensor broken = at::full({2, 2}, std::numeric_limits<float>::quiet_NaN());
  EXPECT_EQ(count_modes(broken, grid25(), 0.05).found, 0);
}

TEST(Modes, RefusesShapesThatDoNotFit) {
  EXPECT_THROW(count_modes(at::ones({3}), grid25(), 0.05), UsageError);
  EXPECT_THROW(count_modes(at::ones({3, 3}), grid25(), 0.05), UsageError);
  EXPECT_THROW(count_modes(at::ones({0, 2}), grid25(), 0.05), UsageError);
  EXPECT_THROW(count_modes(at::ones({3, 2}), grid25(), 0), UsageError);
}

}  // namespace
}  // namespace ganymede::metrics
