// The three operators of a convolution as functions of tensors, without derivatives.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>

#include "ganymede/ops/conv_choice.h"

namespace ganymede::ops {

// How image and map of a convolution belong together: map = (image + 2 padding - kernel) / stride +
// 1 on both sides, rounded down.
struct ConvGeometry {
  int64_t kernel = 3;
  int64_t stride = 1;
  int64_t padding = 1;
  bool shared_phases = false;  // winograd's k4x4Shared
};

// Sizes of the image [batch, channels, height, width] and the channels of the map.
struct ConvSizes {
  int64_t batch = 1;
  int64_t channels = 1;
  int64_t filters = 1;
  int64_t height = 1;
  int64_t width = 1;
};

// Whether a kernel of this project computes any of the three: if not, LibTorch's own derivatives
// are better.
bool has_own_kernel(const ConvGeometry& geometry, const ConvSizes& sizes);
// Whether one computes this part.
bool has_own_kernel(ConvPart part, const ConvGeometry& geometry, const ConvSizes& sizes);

// Tensors as in winograd/engine.h: contiguous float32 on the CPU; `bias` has one value per output
// channel. Tiles (winograd/) compute where choose_conv() says so, matrix products (thin/) for
// images of few channels, else LibTorch; shared phases are always winograd's.
at::Tensor form_forward(const ConvGeometry& geometry, const at::Tensor& image,
                        const at::Tensor& weight, const std::optional<at::Tensor>& bias);
// The image has `height` x `width` pixels.
at::Tensor form_transposed(const ConvGeometry& geometry, const at::Tensor& map,
                           const at::Tensor& weight, const std::optional<at::Tensor>& bias,
                           int64_t height, int64_t width);
at::Tensor form_weight_gradient(const ConvGeometry& geometry, const at::Tensor& image,
                                const at::Tensor& map);

}  // namespace ganymede::ops
