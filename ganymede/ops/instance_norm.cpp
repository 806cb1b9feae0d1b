#include "ganymede/ops/instance_norm.h"

#include <ATen/ATen.h>

#include "ganymede/core/error.h"
#include "ganymede/ops/batch_norm.h"

namespace ganymede::ops {

// The channels of all pictures are those of one.
at::Tensor instance_norm_act(const at::Tensor& input, double slope, double eps) {
  if (input.size(2) * input.size(3) < 2) {
    throw UsageError({.where = "instance normalisation",
                      .found = "planes of one pixel, which have no variance",
                      .allowed = "larger pictures, or fewer halvings"});
  }
  const int64_t planes = input.size(0) * input.size(1);
  const at::Tensor one = input.reshape({1, planes, input.size(2), input.size(3)});
  const auto options = input.options().requires_grad(false);
  return batch_norm_act(one, at::ones({planes}, options), at::zeros({planes}, options),
                        {.train = true, .eps = eps}, slope)
      .view(input.sizes());
}

}  // namespace ganymede::ops
