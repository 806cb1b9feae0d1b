#include "ganymede/metrics/authenticity.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "ganymede/metrics/neighbours.h"

namespace ganymede::metrics {

double authentic_share(const at::Tensor& train, const at::Tensor& fake) {
  const at::NoGradGuard no_grad;
  const Neighbours to_train = nearest(fake, train, 1);
  const at::Tensor spacing = nearest(train, train, 1, /*same_set=*/true).distances.select(1, 0);
  const at::Tensor own = spacing.index_select(0, to_train.indices.select(1, 0));
  return to_train.distances.select(1, 0).gt(own).to(at::kDouble).mean().item<double>();
}

}  // namespace ganymede::metrics
