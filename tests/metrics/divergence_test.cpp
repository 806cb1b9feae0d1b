#include "ganymede/metrics/divergence.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "ganymede/core/error.h"

namespace ganymede::metrics {
namespace {

using Weights = std::vector<double>;

TEST(Divergence, EqualDistributionsAreAtZero) {
  const Weights p = {1, 2, 3};
  const Weights scaled = {10, 20, 30};
  EXPECT_NEAR(kl_divergence(p, scaled), 0, 1e-15);
  EXPECT_NEAR(js_divergence(p, scaled), 0, 1e-15);
  EXPECT_NEAR(total_variation(p, scaled), 0, 1e-15);
}

TEST(Divergence, TwoCoins) {
  const Weights p = {0.5, 0.5};
  const Weights q = {0.9, 0.1};
  EXPECT_NEAR(kl_divergence(p, q), 0.5 * std::log(0.5 / 0.9) + 0.5 * std::log(0.5 / 0.1), 1e-15);
  EXPECT_NEAR(kl_divergence(q, p), 0.9 * std::log(1.8) + 0.1 * std::log(0.2), 1e-15);
  EXPECT_NEAR(total_variation(p, q), 0.4, 1e-15);
  EXPECT_NEAR(js_divergence(p, q), js_divergence(q, p), 1e-15);
}

TEST(Divergence, DisjointSupports) {
  const Weights p = {1, 0};
  const Weights q = {0, 3};
  EXPECT_EQ(kl_divergence(p, q), std::numeric_limits<double>::infinity());
  EXPECT_NEAR(js_divergence(p, q), std::log(2.0), 1e-15);
  EXPECT_NEAR(total_variation(p, q), 1, 1e-15);
}

// KL(N(a, s^2) | N(b, t^2)) = log(t / s) + (s^2 + (a - b)^2) / (2 t^2) - 1/2.
TEST(Divergence, GaussiansOnAGridMatchTheClosedForm) {
  const auto points = grid(-12, 12, 4801);
  const auto p = densities(points, {{.mean = 0.5, .deviation = 0.8}});
  const auto q = densities(points, {{.mean = -0.4, .deviation = 1.3}});
  const double exact = std::log(1.3 / 0.8) + (0.64 + 0.81) / (2 * 1.69) - 0.5;
  EXPECT_NEAR(kl_divergence(p, q), exact, 1e-9);
}

// TV(N(a, 1), N(b, 1)) = erf(|a - b| / (2 sqrt 2)).
TEST(Divergence, TotalVariationOfShiftedGaussians) {
  const auto points = grid(-10, 12, 20001);
  const auto p = densities(points, {{.mean = 0}});
  const auto q = densities(points, {{.mean = 1.5}});
  EXPECT_NEAR(total_variation(p, q), std::erf(1.5 / (2 * std::sqrt(2.0))), 1e-6);
}

TEST(Divergence, RefusesWhatIsNoDistribution) {
  EXPECT_THROW(kl_divergence(Weights{1, 2}, Weights{1}), UsageError);
  EXPECT_THROW(js_divergence(Weights{1, -1}, Weights{1, 1}), UsageError);
  EXPECT_THROW(total_variation(Weights{0, 0}, Weights{1, 1}), UsageError);
  EXPECT_THROW(kl_divergence(Weights{std::nan(""), 1}, Weights{1, 1}), UsageError);
}

TEST(Histogram, CountsEdgesAndIgnoresTheRest) {
  const Weights values = {-0.1, 0.0, 0.49, 0.5, 1.0, 1.01, std::nan("")};
  EXPECT_EQ(histogram(values, 0, 1, 2), (Weights{2, 2}));
  EXPECT_THROW(histogram(values, 1, 1, 2), UsageError);
  EXPECT_THROW(histogram(values, 0, 1, 0), UsageError);
}

TEST(Grid, HasBothEnds) {
  EXPECT_EQ(grid(-1, 1, 3), (Weights{-1, 0, 1}));
  EXPECT_THROW(grid(0, 1, 1), UsageError);
}

TEST(Density, OfAMixtureHasAreaOneAndItsMean) {
  const GaussianMixture mixture = {{.mean = -2, .deviation = 0.5, .weight = 0.25},
                                   {.mean = 3, .deviation = 1.5, .weight = 0.75}};
  const auto points = grid(-12, 18, 30001);
  const auto values = densities(points, mixture);
  double area = 0;
  double mean = 0;
  for (size_t i = 0; i < points.size(); ++i) {
    area += values[i] * 0.001;
    mean += points[i] * values[i] * 0.001;
  }
  EXPECT_NEAR(area, 1, 1e-9);
  EXPECT_NEAR(mean, 0.25 * -2 + 0.75 * 3, 1e-9);
  EXPECT_NEAR(gaussian_density(1, 1, 2), 1 / (2 * std::sqrt(2 * M_PI)), 1e-15);
}

}  // namespace
}  // namespace ganymede::metrics
