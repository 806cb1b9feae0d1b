// Batch normalisation followed by a leaky ReLU as one operator.
#pragma once

#include <ATen/core/Tensor.h>

#include <utility>

namespace ganymede::ops {

struct BatchNormBuffers {
  at::Tensor mean = {};  // running, float32 [C]; undefined: the batch's own are used and not kept
  at::Tensor variance = {};  // the same
  bool train = false;        // normalise by the batch's own statistics, moving the running ones
  double momentum = 0.1;
  double eps = 1e-5;
};

// y = z > 0 ? z : slope z, with z = batch_norm(input): slope 0 is ReLU, 1 the normalisation alone.
// input [N, C, ...]; weight and bias [C]. Differentiable any number of times; float32 pictures and
// volumes on the CPU are computed by the kernels of norm/, everything else by LibTorch.
at::Tensor batch_norm_act(const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias,
                          const BatchNormBuffers& buffers, double slope);

// What it is in evaluation: x times the first plus the second, for each channel.
std::pair<at::Tensor, at::Tensor> scale_and_shift(const at::Tensor& weight, const at::Tensor& bias,
                                                  const BatchNormBuffers& buffers);

}  // namespace ganymede::ops
