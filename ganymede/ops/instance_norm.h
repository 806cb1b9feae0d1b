// Instance normalisation followed by a leaky ReLU as one operator.
#pragma once

#include <ATen/core/Tensor.h>

namespace ganymede::ops {

// y = z > 0 ? z : slope z, with z the channels of each picture of [N, C, H, W] by their own mean
// and variance, without gains (Ulyanov, Vedaldi, Lempitsky 2016, arXiv 1607.08022): slope 0 is
// ReLU, 1 the normalisation alone. Differentiable any number of times; on the CPU by the kernels of
// batch_norm_act. UsageError for planes of one pixel, which have no variance.
at::Tensor instance_norm_act(const at::Tensor& input, double slope, double eps = 1e-5);

}  // namespace ganymede::ops
