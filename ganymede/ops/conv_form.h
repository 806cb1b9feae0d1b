// The three operators of a convolution as functions of tensors, without derivatives.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>

#include "ganymede/ops/conv_choice.h"

namespace ganymede::ops {

// Whether a kernel of this project computes any of the three: if not, LibTorch's own derivatives
// are better.
bool has_own_kernel(const ConvGeometry& geometry, const ConvSizes& sizes);

// Tensors as in winograd/engine.h: contiguous float32 on the CPU; `bias` has one value per output
// channel. What computes is `choice`, which must be able to (conv_rules.h); LibTorch's choice means
// tiles where phases are shared, which LibTorch does not know.
at::Tensor form_forward(ConvChoice choice, const ConvGeometry& geometry, const at::Tensor& image,
                        const at::Tensor& weight, const std::optional<at::Tensor>& bias);
// The image has `height` x `width` pixels.
at::Tensor form_transposed(ConvChoice choice, const ConvGeometry& geometry, const at::Tensor& map,
                           const at::Tensor& weight, const std::optional<at::Tensor>& bias,
                           int64_t height, int64_t width);
// For a square kernel.
at::Tensor form_weight_gradient(ConvChoice choice, const ConvGeometry& geometry,
                                const at::Tensor& image, const at::Tensor& map);

// The same by choose_conv().
at::Tensor form_forward(const ConvGeometry& geometry, const at::Tensor& image,
                        const at::Tensor& weight, const std::optional<at::Tensor>& bias);
at::Tensor form_transposed(const ConvGeometry& geometry, const at::Tensor& map,
                           const at::Tensor& weight, const std::optional<at::Tensor>& bias,
                           int64_t height, int64_t width);
at::Tensor form_weight_gradient(const ConvGeometry& geometry, const at::Tensor& image,
                                const at::Tensor& map);

}  // namespace ganymede::ops
