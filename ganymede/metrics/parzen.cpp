#include "ganymede/metrics/parzen.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "ganymede/core/error.h"
#include "ganymede/metrics/feature_checks.h"
#include "ganymede/metrics/one_thread.h"

namespace ganymede::metrics {
namespace {

constexpr const char* kWhere = "metrics::parzen_log_likelihood";
constexpr int64_t kTile = 64;           // points per piece of work
constexpr int64_t kSampleTile = 16384;  // samples whose distances are held at once

struct Centred {
  at::Tensor rows;   // float64 [N, D]
  at::Tensor norms;  // float64 [N, 1]
};

at::Tensor center_of(const at::Tensor& samples) {
  at::Tensor center;
  on_one_thread([&] { center = samples.mean(0, false, at::kDouble); });
  return center;
}

Centred centred(const at::Tensor& rows, const at::Tensor& center) {
  Centred result = {rows.to(at::kDouble) - center, {}};
  result.norms = result.rows.square().sum(1, /*keepdim=*/true);
  return result;
}

at::Tensor squared_distances(const Centred& a, const Centred& b) {
  const at::Tensor products = a.rows.matmul(b.rows.transpose(0, 1));
  return (a.norms + b.norms.transpose(0, 1) - 2 * products).clamp_min(0);
}

// log of the sum over the samples of exp(-d^2 / (2 sigma^2)), per point and sigma.
at::Tensor log_sums(const Centred& points, const at::Tensor& samples, const at::Tensor& center,
                    const at::Tensor& sigmas) {
  std::vector<at::Tensor> parts;
  for (int64_t i = 0; i < samples.size(0); i += kSampleTile) {
    const at::Tensor distances =
        squared_distances(points, centred(samples.slice(0, i, i + kSampleTile), center));
    std::vector<at::Tensor> columns;
    columns.reserve(static_cast<size_t>(sigmas.size(0)));
    for (int64_t s = 0; s < sigmas.size(0); ++s) {
      const double sigma = sigmas[s].item<double>();
      columns.push_back((distances * (-1 / (2 * sigma * sigma))).logsumexp(1));
    }
    parts.push_back(at::stack(columns, 1));
  }
  return at::stack(parts).logsumexp(0);
}

double best_of(const at::Tensor& samples, const at::Tensor& validation, const at::Tensor& sigmas) {
  const at::Tensor densities = parzen_log_density(samples, validation, sigmas);
  at::Tensor means;
  on_one_thread([&] { means = densities.mean(0); });
  return sigmas[means.argmax()].item<double>();
}

}  // namespace

at::Tensor parzen_log_density(const at::Tensor& samples, const at::Tensor& points,
                              const at::Tensor& sigmas) {
  const at::NoGradGuard no_grad;
  const at::Tensor s = checked_features(samples, kWhere);
  const at::Tensor p = checked_features(points, kWhere);
  check_same_dim(s, p, kWhere);
  const at::Tensor center = center_of(s);
  const at::Tensor widths = sigmas.to(at::kCPU, at::kDouble);
  at::Tensor result = at::empty({p.size(0), widths.size(0)}, at::kDouble);
  each_on_one_thread((p.size(0) + kTile - 1) / kTile, [&](int64_t t) {
    const at::Tensor rows = p.slice(0, t * kTile, (t + 1) * kTile);
    result.slice(0, t * kTile, (t + 1) * kTile)
        .copy_(log_sums(centred(rows, center), s, center, widths));
  });
  const auto dim = static_cast<double>(s.size(1));
  const double constant =
      std::log(static_cast<double>(s.size(0))) + dim / 2 * std::log(2 * std::numbers::pi);
  return result - (widths.log() * dim + constant);
}

at::Tensor parzen_sigmas(const at::Tensor& samples, const at::Tensor& validation) {
  const at::NoGradGuard no_grad;
  const at::Tensor s = checked_features(samples, kWhere);
  const at::Tensor v = checked_features(validation, kWhere);
  check_same_dim(s, v, kWhere);
  const at::Tensor center = center_of(s);
  double scale = 0;
  on_one_thread(
      [&] { scale = std::sqrt((v.to(at::kDouble) - center).square().mean().item<double>()); });
  if (!(scale > 0)) {
    throw UsageError({.where = kWhere,
                      .found = "validation points that all equal the mean of the samples",
                      .allowed = "points that differ"});
  }
  return at::pow(10.0, at::arange(11, at::kDouble) / 4 - 2) * scale;
}

at::Tensor parzen_refinement(double sigma) {
  return at::pow(10.0, at::arange(-4, 5, at::kDouble) / 20) * sigma;
}

Parzen parzen_log_likelihood(const at::Tensor& samples, const at::Tensor& validation,
                             const at::Tensor& test) {
  const at::NoGradGuard no_grad;
  checked_features(test, kWhere, 2);
  const double coarse = best_of(samples, validation, parzen_sigmas(samples, validation));
  const double sigma = best_of(samples, validation, parzen_refinement(coarse));
  const at::Tensor values =
      parzen_log_density(samples, test, at::full({1}, sigma, at::kDouble)).select(1, 0);
  Parzen result = {.sigma = sigma};
  on_one_thread([&] {
    result.log_likelihood = values.mean().item<double>();
    result.standard_error =
        values.std().item<double>() / std::sqrt(static_cast<double>(values.size(0)));
  });
  return result;
}

}  // namespace ganymede::metrics
