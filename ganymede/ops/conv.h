// Convolutions for generative networks: the operators of LibTorch, computed by the engine in
// winograd/ where it is faster, else by LibTorch.
//
// All are differentiable any number of times. Tensors are [N, C, H, W]; the engine takes float32 on
// the CPU and the geometries 3x3 stride 1 padding 1 and 4x4 stride 2 padding 1; kernels that cover
// their whole picture are products of matrices (linear.h); everything else is
// at::conv2d and at::conv_transpose2d, whose errors also report shapes that do not fit.
// conv_choice.h has the modes and their accuracy.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>

#include "ganymede/ops/conv_form.h"

namespace ganymede::ops {

// weight [out, in, k, k]; bias [out].
at::Tensor conv2d(const at::Tensor& input, const at::Tensor& weight,
                  const std::optional<at::Tensor>& bias, int64_t stride, int64_t padding);

// weight [in, out, k, k]; bias [out].
at::Tensor conv_transpose2d(const at::Tensor& input, const at::Tensor& weight,
                            const std::optional<at::Tensor>& bias, int64_t stride, int64_t padding,
                            int64_t output_padding = 0);

// Nearest upsampling x2, then a 3x3 convolution with padding 1: [N, C, H, W] -> [N, K, 2H, 2W] for
// a weight [K, C, 3, 3]. It is a transposed 4x4 convolution with stride 2 of the small image, whose
// weight is the 3x3 one summed over 2x2 shifts.
at::Tensor upsample_conv2d(const at::Tensor& input, const at::Tensor& weight,
                           const std::optional<at::Tensor>& bias);

// A 3x3 convolution with padding 1, then the mean of 2x2 squares: [N, C, H, W] -> [N, K, H/2, W/2]
// for a weight [K, C, 3, 3], rounded down.
at::Tensor conv2d_pool(const at::Tensor& input, const at::Tensor& weight,
                       const std::optional<at::Tensor>& bias);

// The same with what follows, for calls that nobody differentiates: at inference a batch
// normalisation is a scale and a shift.
at::Tensor finished_conv2d(const at::Tensor& input, const at::Tensor& weight,
                           const ConvFinish& finish, int64_t stride, int64_t padding);
at::Tensor finished_conv_transpose2d(const at::Tensor& input, const at::Tensor& weight,
                                     const ConvFinish& finish, int64_t stride, int64_t padding,
                                     int64_t output_padding = 0);
at::Tensor finished_upsample_conv2d(const at::Tensor& input, const at::Tensor& weight,
                                    const ConvFinish& finish);

}  // namespace ganymede::ops
