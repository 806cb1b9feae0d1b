// A fully connected layer whose input lies in parts.
#pragma once

#include <ATen/core/Tensor.h>

namespace ganymede::ops {

// linear(cat(parts, 1), weight, bias) without joining them, and without the gradient of a part that
// needs none: parts float [N, in_i], one or more; weight [out, sum of in_i], bias [out]; returns
// [N, out]. Differentiable any number of times. The parts' products are summed one after the other.
at::Tensor joined_linear(at::TensorList parts, const at::Tensor& weight, const at::Tensor& bias);

}  // namespace ganymede::ops
