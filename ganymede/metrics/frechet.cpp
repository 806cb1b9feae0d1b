#include "ganymede/metrics/frechet.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>
#include <tuple>

#include "ganymede/core/error.h"
#include "ganymede/metrics/draw.h"
#include "ganymede/metrics/feature_checks.h"

namespace ganymede::metrics {
namespace {

constexpr int64_t kSizes = 10;
constexpr double kSpread = 5;  // the largest subset over the smallest

double sum_of(const at::Tensor& tensor) { return tensor.sum().item<double>(); }
double negative_mass(const at::Tensor& values) { return -sum_of(values.clamp_max(0)); }

// tr((S1 S2)^1/2). With S1 = V L V', S1^1/2 S2 S1^1/2 and (V L^1/2)' S2 (V L^1/2) have the same
// eigenvalues.
double trace_of_root(const at::Tensor& s1, const at::Tensor& s2, double& clamped) {
  const auto [values, vectors] = at::linalg_eigh(s1);
  const at::Tensor factor = vectors * values.clamp_min(0).sqrt();
  const at::Tensor product = factor.transpose(0, 1).matmul(s2).matmul(factor);
  const at::Tensor roots = at::linalg_eigvalsh((product + product.transpose(0, 1)) / 2);
  clamped = negative_mass(values) + 2 * sum_of(roots.clamp_max(0).neg().sqrt());
  return sum_of(roots.clamp_min(0).sqrt());
}

FeatureStatistics statistics_of(const at::Tensor& features) {
  FeatureStatistics statistics(features.size(1), /*keep=*/false);
  statistics.add(features);
  return statistics;
}

double distance_at(const at::Tensor& real, const at::Tensor& fake, int64_t n, uint64_t seed,
                   uint64_t round) {
  const at::Tensor r = draw_without_replacement(real.size(0), n, seed, "frechet real", round);
  const at::Tensor f = draw_without_replacement(fake.size(0), n, seed, "frechet fake", round);
  return frechet_distance(statistics_of(real.index_select(0, r)),
                          statistics_of(fake.index_select(0, f)))
      .value;
}

// Intercept of the least-squares line of the distance over 1/N, and its standard error.
void fit(FrechetOverN& result) {
  const auto n = static_cast<double>(result.points.size());
  double mean_x = 0, mean_y = 0;
  for (const auto& [size, y] : result.points) {
    mean_x += 1.0 / static_cast<double>(size) / n;
    mean_y += y / n;
  }
  double xx = 0, xy = 0, rest = 0;
  for (const auto& [size, y] : result.points) {
    const double x = 1.0 / static_cast<double>(size) - mean_x;
    xx += x * x;
    xy += x * (y - mean_y);
  }
  const double slope = xy / xx;
  result.extrapolated = mean_y - slope * mean_x;
  for (const auto& [size, y] : result.points) {
    const double residual = y - result.extrapolated - slope / static_cast<double>(size);
    rest += residual * residual;
  }
  result.error = std::sqrt(rest / (n - 2) * (1 / n + mean_x * mean_x / xx));
}

}  // namespace

FrechetDistance frechet_distance(const FeatureStatistics& real, const FeatureStatistics& fake) {
  const at::NoGradGuard no_grad;
  if (real.dim() != fake.dim()) {
    throw UsageError({.where = "metrics::frechet_distance",
                      .found = std::to_string(real.dim()) + " and " + std::to_string(fake.dim()) +
                               " features per sample",
                      .allowed = "features of the same network"});
  }
  const at::Tensor s1 = real.covariance();
  const at::Tensor s2 = fake.covariance();
  FrechetDistance result;
  result.rank_deficient = std::min(real.count(), fake.count()) <= real.dim();
  result.mean_term = sum_of((real.mean() - fake.mean()).square());
  const double root = trace_of_root(s1, s2, result.clamped_mass);
  result.covariance_term = sum_of(s1.diagonal()) + sum_of(s2.diagonal()) - 2 * root;
  result.value = result.mean_term + result.covariance_term;
  return result;
}

FrechetOverN frechet_over_n(const at::Tensor& real, const at::Tensor& fake, uint64_t seed) {
  const at::NoGradGuard no_grad;
  constexpr const char* kWhere = "metrics::frechet_over_n";
  const at::Tensor r = checked_features(real, kWhere, kFrechetOverNLeast);
  const at::Tensor f = checked_features(fake, kWhere, kFrechetOverNLeast);
  check_same_dim(r, f, kWhere);
  const auto most = static_cast<double>(std::min(r.size(0), f.size(0)));
  FrechetOverN result;
  for (int64_t i = 0; i < kSizes; ++i) {
    const double inverse = 1 + (kSpread - 1) * static_cast<double>(i) / (kSizes - 1);
    const auto n = static_cast<int64_t>(std::llround(most / inverse));
    result.points.emplace_back(n, distance_at(r, f, n, seed, static_cast<uint64_t>(i)));
  }
  fit(result);
  return result;
}

}  // namespace ganymede::metrics
