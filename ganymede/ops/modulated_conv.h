// Convolutions whose weights differ between groups of channels or from sample to sample.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>

namespace ganymede::ops {

// input float [N, groups * I, H, W], weight [groups * O, I, k, k], bias [groups * O] or nothing:
// each group of channels by its own weights. One group is conv2d() of conv.h; more are LibTorch's.
at::Tensor grouped_conv2d(const at::Tensor& input, const at::Tensor& weight,
                          const std::optional<at::Tensor>& bias, int64_t stride, int64_t padding,
                          int64_t groups);

// Each sample by weights of its own, styles[n, i] weight[o, i], and with `demodulate` these over
// the square root of the sum of their squares (Karras et al. 2020, arXiv 1912.04958, eq. 1 and 3;
// eps 1e-8): float [N, I, H, W], weight [O, I, k, k], styles [N, I]; stride 1. Computed as one
// convolution of modulated pictures, which is the same; differentiable any number of times.
at::Tensor modulated_conv2d(const at::Tensor& input, const at::Tensor& weight,
                            const at::Tensor& styles, bool demodulate, int64_t padding);

}  // namespace ganymede::ops
