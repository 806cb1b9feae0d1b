// A fully connected layer whose input lies in parts.
#pragma once

#include <ATen/core/Tensor.h>

namespace ganymede::ops {

// linear(cat(parts, 1), weight, bias) without the gradient of a part that needs none: parts float
// [N, in_i], one or more; weight [out, sum of in_i], bias [out]; returns [N, out]. Differentiable
// any number of times.
//
// With codes, int64 [N], a one-hot row of C numbers stands behind the parts, and weight is
// [out, sum of in_i + C]: codes say where its 1 is, C that there is none. Its product is a choice
// of columns.
at::Tensor joined_linear(at::TensorList parts, const at::Tensor& weight, const at::Tensor& bias,
                         const at::Tensor& codes = {});

// The codes of rows [N, C] that hold one 1 each, or none, and zeros: int64 [N]. Undefined where a
// row holds anything else, where rows are to be differentiated, and off the CPU.
at::Tensor one_hot_codes(const at::Tensor& rows);

}  // namespace ganymede::ops
