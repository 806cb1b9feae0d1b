// The three operators of a convolution as functions of tensors, without derivatives.
#pragma once

#include <ATen/core/Tensor.h>

#include "ganymede/ops/conv_choice.h"

namespace ganymede::ops {

// What becomes of the sums z of an operator: y = scale z + shift for each channel, then leaky ReLU.
struct ConvFinish {
  at::Tensor scale = {};  // float32 [channels of the result]; undefined: 1
  at::Tensor shift = {};  // undefined: 0
  double slope = 1;       // of what is not positive; 0: ReLU
};

// Whether a kernel of this project computes any of the three: if not, LibTorch's own derivatives
// are better.
bool has_own_kernel(const ConvGeometry& geometry, const ConvSizes& sizes);

// Tensors as in winograd/engine.h: contiguous float32 on the CPU. What computes is `choice`, which
// must be able to (conv_rules.h); LibTorch's choice means tiles where phases are shared, which
// LibTorch does not know.
at::Tensor form_forward(ConvChoice choice, const ConvGeometry& geometry, const at::Tensor& image,
                        const at::Tensor& weight, const ConvFinish& finish);
// The image has `height` x `width` pixels.
at::Tensor form_transposed(ConvChoice choice, const ConvGeometry& geometry, const at::Tensor& map,
                           const at::Tensor& weight, const ConvFinish& finish, int64_t height,
                           int64_t width);
// For a square kernel.
at::Tensor form_weight_gradient(ConvChoice choice, const ConvGeometry& geometry,
                                const at::Tensor& image, const at::Tensor& map);

// The same by choose_conv().
at::Tensor form_forward(const ConvGeometry& geometry, const at::Tensor& image,
                        const at::Tensor& weight, const ConvFinish& finish);
at::Tensor form_transposed(const ConvGeometry& geometry, const at::Tensor& map,
                           const at::Tensor& weight, const ConvFinish& finish, int64_t height,
                           int64_t width);
at::Tensor form_weight_gradient(const ConvGeometry& geometry, const at::Tensor& image,
                                const at::Tensor& map);

// The finish of a result that something else computed, in its memory where it is contiguous.
at::Tensor finished(const at::Tensor& sums, const ConvFinish& finish);

}  // namespace ganymede::ops
