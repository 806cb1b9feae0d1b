#include "ganymede/metrics/frechet.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

#include "ganymede/core/error.h"
#include "ganymede/core/random.h"
#include "tests/golden/metrics_golden.h"
#include "tests/metrics/threads.h"

namespace ganymede::metrics {
namespace {

FeatureStatistics of(const at::Tensor& features) {
  FeatureStatistics statistics(features.size(1), /*keep=*/false);
  statistics.add(features);
  return statistics;
}

at::Tensor relu_normal(int64_t count, int64_t dim, uint64_t seed) {
  return Stream(seed, "relu").normal({count, dim}).clamp_min_(0);
}

TEST(Frechet, EqualsScipy) {
  double largest = 0;
  for (const auto& [name, golden] : golden::metric_numbers("frechet").items()) {
    const auto pair = golden::moment_pair(name);
    const FrechetDistance found = frechet_distance(of(pair.real), of(pair.fake));
    const double value = golden["value"];
    EXPECT_NEAR(found.value, value, 1e-6 * value) << name;
    EXPECT_NEAR(found.mean_term, golden["mean_term"], 1e-9 * value) << name;
    EXPECT_DOUBLE_EQ(found.mean_term + found.covariance_term, found.value);
    EXPECT_EQ(found.rank_deficient, name == "rank_deficient");
    largest = std::max(largest, std::abs(found.value - value) / value);
  }
  RecordProperty("largest_relative_difference", std::to_string(largest));
}

// Diagonal Gaussians have a closed form: sum of (m1 - m2)^2 + (sd1 - sd2)^2.
TEST(Frechet, OneFeatureByHand) {
  const at::Tensor x = at::tensor({-1.0, 1.0}, at::kDouble).view({2, 1});  // variance 2
  const FrechetDistance found = frechet_distance(of(x), of(3 * x + 5));    // variance 18
  EXPECT_NEAR(found.mean_term, 25, 1e-12);
  EXPECT_NEAR(found.covariance_term, 8, 1e-12);
  EXPECT_FALSE(found.rank_deficient);
}

TEST(Frechet, IsSymmetricAndZeroForOneSet) {
  const auto pair = golden::moment_pair("wide");
  const FeatureStatistics real = of(pair.real);
  const FeatureStatistics fake = of(pair.fake);
  const double there = frechet_distance(real, fake).value;
  EXPECT_NEAR(there, frechet_distance(fake, real).value, 1e-10 * there);
  EXPECT_NEAR(frechet_distance(real, real).value, 0, 1e-10);
}

TEST(Frechet, ThreadsChangeNothingThatShows) {
  const auto pair = golden::moment_pair("wide");
  const testing::Threads threads;
  testing::Threads::use(1);
  const double one = frechet_distance(of(pair.real), of(pair.fake)).value;
  testing::Threads::use(2);
  const double two = frechet_distance(of(pair.real), of(pair.fake)).value;
  EXPECT_NEAR(one, two, 1e-12 * one);
}

TEST(Frechet, ASingularSideIsTold) {
  const at::Tensor few = golden::hashed_normals(20, 60, 61);
  const FrechetDistance found = frechet_distance(of(few), of(golden::hashed_normals(90, 60, 62)));
  EXPECT_TRUE(found.rank_deficient);
  EXPECT_GT(found.clamped_mass, 0);     // 40 eigenvalues are 0 but for rounding
  EXPECT_LT(found.clamped_mass, 1e-4);  // 40 sqrt(1e-15 x the largest)
  const auto pair = golden::moment_pair("wide");
  EXPECT_EQ(frechet_distance(of(pair.real), of(pair.fake)).clamped_mass, 0);
}

TEST(Frechet, RefusesUnequalSides) {
  EXPECT_THROW(frechet_distance(of(relu_normal(5, 3, 8)), of(relu_normal(5, 4, 9))), UsageError);
  EXPECT_THROW(frechet_distance(of(relu_normal(5, 3, 8)), of(relu_normal(1, 3, 9))), UsageError);
  EXPECT_THROW(frechet_over_n(at::zeros({kFrechetOverNLeast - 1, 3}), at::zeros({99, 3}), 0),
               UsageError);
}

// The bias of equal distributions falls like 1/N: promised within 10 %.
TEST(FrechetOverN, NTimesTheDistanceIsConstant) {
  constexpr int64_t kDim = 128;
  const at::Tensor real = relu_normal(8000, kDim, 1);
  const at::Tensor fake = relu_normal(8000, kDim, 2);
  std::vector<double> products;
  for (const int64_t n : {250, 500, 1000, 2000, 4000, 8000}) {
    const FrechetDistance found =
        frechet_distance(of(real.slice(0, 8000 - n)), of(fake.slice(0, 8000 - n)));
    products.push_back(static_cast<double>(n) * found.value);
  }
  const auto [low, high] = std::ranges::minmax(products);
  EXPECT_LT(high / low, 1.1);
}

TEST(FrechetOverN, FindsTheLimit) {
  constexpr int64_t kDim = 64;
  const at::Tensor real = relu_normal(6000, kDim, 3);
  const at::Tensor same = relu_normal(4000, kDim, 4);
  const FrechetOverN equal = frechet_over_n(real, same, 7);
  ASSERT_GE(equal.points.size(), 8U);
  EXPECT_EQ(equal.points.front().first, 4000);
  EXPECT_EQ(equal.points.back().first, 800);
  // At 4,000 samples the bias is about 0.18 kDim^2 / 4000 = 0.18.
  EXPECT_GT(equal.points.front().second, 0.1);
  EXPECT_NEAR(equal.extrapolated, 0, 0.1 * equal.points.front().second);
  // A shift by c adds kDim c^2.
  const FrechetOverN shifted = frechet_over_n(real, same + 0.25, 7);
  EXPECT_NEAR(shifted.extrapolated, kDim / 16.0, 0.02 * kDim / 16.0);
  EXPECT_GT(shifted.error, 0);
  EXPECT_LT(shifted.error, 0.02 * kDim / 16.0);
}

TEST(FrechetOverN, FitsByLeastSquares) {
  const FrechetOverN found = frechet_over_n(relu_normal(300, 4, 5), relu_normal(300, 4, 6) + 1, 1);
  const auto n = static_cast<int64_t>(found.points.size());
  at::Tensor x = at::ones({n, 2}, at::kDouble);
  at::Tensor y = at::empty({n}, at::kDouble);
  for (int64_t i = 0; i < n; ++i) {
    x[i][1] = 1.0 / static_cast<double>(found.points[static_cast<size_t>(i)].first);
    y[i] = found.points[static_cast<size_t>(i)].second;
  }
  // b = (X'X)^-1 X'y, its covariance s^2 (X'X)^-1 with s^2 = |y - X b|^2 / (n - 2).
  const at::Tensor inverse = at::linalg_inv(x.t().matmul(x));
  const at::Tensor b = inverse.matmul(x.t()).matmul(y);
  const double variance =
      ((y - x.matmul(b)).square().sum() / (n - 2) * inverse[0][0]).item<double>();
  EXPECT_NEAR(found.extrapolated, b[0].item<double>(), 1e-9);
  EXPECT_NEAR(found.error, std::sqrt(variance), 1e-9);
  EXPECT_EQ(found.points,
            frechet_over_n(relu_normal(300, 4, 5), relu_normal(300, 4, 6) + 1, 1).points);
}

}  // namespace
}  // namespace ganymede::metrics
