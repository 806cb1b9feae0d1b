// Colour as lightness and two axes of colour: CIE Lab, differentiable both ways.
#pragma once

#include <ATen/core/Tensor.h>

namespace ganymede::nn {

// sRGB pictures (IEC 61966-2-1, D65) float32 [N, 3, H, W] in [-1, 1] as L / 50 - 1, a / 110, b /
// 110 of CIE 1976 L*a*b*: the scaling that networks which colorize are trained in (Isola et al.
// 2017, arXiv 1611.07004). All colours of sRGB lie in [-1, 1]. Same shape.
at::Tensor lab_of_rgb(const at::Tensor& rgb);

// The inverse. Lab values that no sRGB colour has are clamped to the nearest value of each channel;
// the gradient is zero there.
at::Tensor rgb_of_lab(const at::Tensor& lab);

}  // namespace ganymede::nn
