#include "ganymede/metrics/prdc.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "ganymede/metrics/neighbours.h"

namespace ganymede::metrics {
namespace {

at::Tensor radii_of(const at::Tensor& samples, int64_t k) {
  return nearest(samples, samples, k, /*same_set=*/true).distances.select(1, k - 1);
}

double share_above_zero(const at::Tensor& counts) {
  return counts.gt(0).to(at::kDouble).mean().item<double>();
}

}  // namespace

Prdc precision_recall(const at::Tensor& real, const at::Tensor& fake, int64_t k) {
  const at::NoGradGuard no_grad;
  const BallCounts of_real = count_in_balls(fake, real, radii_of(real, k));
  const BallCounts of_fake = count_in_balls(real, fake, radii_of(fake, k));
  const auto balls = static_cast<double>(of_real.around.sum().item<int64_t>());
  return {.precision = share_above_zero(of_real.around),
          .recall = share_above_zero(of_fake.around),
          .density = balls / static_cast<double>(k * fake.size(0)),
          .coverage = share_above_zero(of_real.inside)};
}

}  // namespace ganymede::metrics
