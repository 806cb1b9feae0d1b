#include "ganymede/nn/masked_linear.h"

#include <ATen/ATen.h>

#include "ganymede/ops/linear.h"

namespace ganymede::nn {

MaskedLinear::MaskedLinear(const at::Tensor& mask)
    : mask_(mask),
      weight_(&parameter("weight", mask.sizes(), Init::fan_in(mask.size(1)))),
      bias_(&parameter("bias", {mask.size(0)}, Init::constant(0))) {}

at::Tensor MaskedLinear::forward(const at::Tensor& input) {
  return ops::linear(input, weight(), *bias_);
}

at::Tensor MaskedLinear::weight() const { return *weight_ * mask_.to(weight_->device()); }

}  // namespace ganymede::nn
