// The three operators of a convolution as functions of tensors, without derivatives.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>

#include "ganymede/ops/conv_choice.h"

namespace ganymede::ops {

// Tensors of winograd/engine.h: contiguous float32 on the CPU; `bias` has one value per output
// channel. The engine or LibTorch computes, as choose_conv() says; k4x4Shared is always the
// engine's.
at::Tensor form_forward(winograd::Family family, const at::Tensor& image, const at::Tensor& weight,
                        const std::optional<at::Tensor>& bias);
// The image has `height` x `width` pixels.
at::Tensor form_transposed(winograd::Family family, const at::Tensor& map, const at::Tensor& weight,
                           const std::optional<at::Tensor>& bias, int64_t height, int64_t width);
at::Tensor form_weight_gradient(winograd::Family family, const at::Tensor& image,
                                const at::Tensor& map);

}  // namespace ganymede::ops
