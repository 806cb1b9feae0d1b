#include "ganymede/metrics/authenticity.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "ganymede/metrics/feature_checks.h"
#include "ganymede/metrics/neighbours.h"

namespace ganymede::metrics {

double authentic_share(const at::Tensor& train, const at::Tensor& fake) {
  const at::NoGradGuard no_grad;
  const at::Tensor rows = checked_features(train, "metrics::authentic_share", 2);
  const Neighbours to_train = nearest(fake, rows, 1);
  // Only the training samples that are nearest to some fake need their own spacing. Of a sample's
  // two nearest one is itself, at distance 0, so the second distance is that to another.
  const auto [needed, place] =
      at::_unique(to_train.indices.select(1, 0), /*sorted=*/true, /*return_inverse=*/true);
  const at::Tensor spacing =
      nearest(rows.index_select(0, needed), rows, 2).distances.select(1, 1).index_select(0, place);
  return to_train.distances.select(1, 0).gt(spacing).to(at::kDouble).mean().item<double>();
}

}  // namespace ganymede::metrics
