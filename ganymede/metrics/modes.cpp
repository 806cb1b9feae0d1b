#include "ganymede/metrics/modes.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>

#include "ganymede/core/error.h"
#include "ganymede/metrics/divergence.h"

namespace ganymede::metrics {
namespace {

void check(const at::Tensor& points, const at::Tensor& centers, double sd, double limit_sds) {
  const bool fits = points.dim() == 2 && centers.dim() == 2 && points.size(0) > 0 &&
                    centers.size(0) > 0 && points.size(1) == centers.size(1);
  if (fits && sd > 0 && limit_sds > 0) return;
  throw UsageError({.where = "metrics::count_modes",
                    .found = "points or centres of a wrong shape, or a width of 0 or less",
                    .allowed = "points [N, D], centers [K, D], sd > 0"});
}

double kl_to_uniform(const std::vector<int64_t>& counts) {
  const std::vector<double> weights(counts.begin(), counts.end());
  if (std::ranges::all_of(weights, [](double w) { return w == 0; })) {
    return std::log(static_cast<double>(counts.size()));
  }
  return kl_divergence(weights, std::vector<double>(counts.size(), 1.0));
}

}  // namespace

ModeReport count_modes(const at::Tensor& points, const at::Tensor& centers, double sd,
                       double limit_sds) {
  check(points, centers, sd, limit_sds);
  const at::NoGradGuard no_grad;
  const at::Tensor x = points.to(at::kCPU, at::kDouble);
  const at::Tensor c = centers.to(at::kCPU, at::kDouble);
  const auto [distance, nearest] = (x.unsqueeze(1) - c.unsqueeze(0)).square().sum(2).min(1);
  const double limit = limit_sds * sd;
  const at::Tensor hits = nearest.masked_select(distance <= limit * limit);
  const at::Tensor counts = at::bincount(hits, {}, c.size(0));

  ModeReport report;
  report.modes = c.size(0);
  report.samples = x.size(0);
  report.high_quality_share =
      static_cast<double>(hits.numel()) / static_cast<double>(report.samples);
  report.counts.assign(counts.data_ptr<int64_t>(), counts.data_ptr<int64_t>() + counts.numel());
  report.found = std::ranges::count_if(report.counts, [](int64_t n) { return n > 0; });
  report.kl_to_uniform = kl_to_uniform(report.counts);
  return report;
}

}  // namespace ganymede::metrics
