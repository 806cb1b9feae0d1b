#include "ganymede/metrics/parzen.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "ganymede/core/error.h"
#include "tests/golden/metrics_golden.h"
#include "tests/metrics/threads.h"

namespace ganymede::metrics {
namespace {

using golden::hashed_normals;

void expect_golden(const Parzen& found, const nlohmann::json& golden, const std::string& name) {
  EXPECT_NEAR(found.log_likelihood, golden["log_likelihood"], 1e-10) << name;
  EXPECT_NEAR(found.standard_error, golden["standard_error"], 1e-10) << name;
  EXPECT_NEAR(found.sigma, golden["sigma"], 1e-12) << name;
}

TEST(Parzen, EqualsNumpy) {
  const auto& golden = golden::metric_numbers("parzen");
  expect_golden(parzen_log_likelihood(hashed_normals(150, 3, 40), hashed_normals(80, 3, 41),
                                      hashed_normals(90, 3, 42)),
                golden["small"], "small");
  expect_golden(
      parzen_log_likelihood(0.2 * hashed_normals(200, 50, 43), 0.25 * hashed_normals(60, 50, 44),
                            0.25 * hashed_normals(70, 50, 45)),
      golden["wide"], "wide");
}

// One sample: the window is a Gaussian.
TEST(Parzen, OneSampleByHand) {
  const at::Tensor sample = at::tensor({1.0, -2.0}, at::kDouble).view({1, 2});
  const at::Tensor point = at::tensor({4.0, 2.0}, at::kDouble).view({1, 2});
  const double sigma = 0.5;
  const at::Tensor found = parzen_log_density(sample, point, at::full({1}, sigma, at::kDouble));
  EXPECT_NEAR(found.item<double>(),
              -25 / (2 * sigma * sigma) - std::log(2 * std::numbers::pi * sigma * sigma), 1e-12);
}

TEST(Parzen, TheDensityIntegratesToOne) {
  const at::Tensor samples = hashed_normals(30, 1, 80);
  const at::Tensor x = at::linspace(-8, 8, 4001, at::kDouble).view({-1, 1});
  const at::Tensor sigmas = at::tensor({0.1, 0.7}, at::kDouble);
  const at::Tensor mass = parzen_log_density(samples, x, sigmas).exp().sum(0) * (16.0 / 4000);
  EXPECT_LT((mass - 1).abs().max().item<double>(), 1e-6);
}

TEST(Parzen, ScalesWithTheData) {
  const at::Tensor s = hashed_normals(60, 4, 81);
  const at::Tensor v = hashed_normals(50, 4, 82);
  const at::Tensor t = hashed_normals(40, 4, 83);
  const Parzen plain = parzen_log_likelihood(s, v, t);
  const Parzen scaled = parzen_log_likelihood(s * 100 + 7, v * 100 + 7, t * 100 + 7);
  EXPECT_NEAR(scaled.sigma, 100 * plain.sigma, 1e-9);
  EXPECT_NEAR(scaled.log_likelihood, plain.log_likelihood - 4 * std::log(100), 1e-9);
  EXPECT_NEAR(scaled.standard_error, plain.standard_error, 1e-9);
}

TEST(Parzen, FarPointsStayFinite) {
  const at::Tensor s = hashed_normals(40, 100, 84) * 0.01;
  const at::Tensor far = hashed_normals(40, 100, 85) + 1e4;
  EXPECT_TRUE(parzen_log_density(s, far, parzen_sigmas(s, s)).isfinite().all().item<bool>());
  EXPECT_THROW(parzen_log_likelihood(at::ones({5, 2}), at::ones({5, 2}), at::ones({5, 2})),
               UsageError);
  EXPECT_THROW(parzen_log_likelihood(s, s, s.slice(0, 0, 1)), UsageError);
}

TEST(Parzen, ThreadsChangeNoBit) {
  const at::Tensor s = hashed_normals(300, 20, 86);
  const at::Tensor t = hashed_normals(200, 20, 87);
  const testing::Threads threads;
  testing::Threads::use(1);
  const Parzen one = parzen_log_likelihood(s, t, t);
  testing::Threads::use(2);
  const Parzen two = parzen_log_likelihood(s, t, t);
  EXPECT_EQ(one.log_likelihood, two.log_likelihood);
  EXPECT_EQ(one.sigma, two.sigma);
}

}  // namespace
}  // namespace ganymede::metrics
