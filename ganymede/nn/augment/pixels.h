// Augmentations that touch single pixels or move them by whole pixels. Pure functions of samples
// and draws: differentiable any number of times with respect to the samples.
#pragma once

#include <ATen/core/Tensor.h>

namespace ganymede::nn::augment {

// x: float [N, C, H, W] everywhere; one draw per sample, [N], of any floating or integer type.

// x + amount.
at::Tensor brightness(const at::Tensor& x, const at::Tensor& amount);
// Distance of every pixel from the mean of its channels, times factor.
at::Tensor saturation(const at::Tensor& x, const at::Tensor& factor);
// Distance from the mean of the whole sample, times factor.
at::Tensor contrast(const at::Tensor& x, const at::Tensor& factor);

// out[y][x] = in[y + rows][x + columns], zero where that lies outside. rows, columns: int64 [N].
at::Tensor translate(const at::Tensor& x, const at::Tensor& rows, const at::Tensor& columns);

// Zero within [top, top + height) x [left, left + width). top, left: int64 [N], may be negative.
at::Tensor cut_out(const at::Tensor& x, const at::Tensor& top, const at::Tensor& left,
                   int64_t height, int64_t width);

// An affine map of colours: matrix float [N, 4, 4] acts on (r, g, b, 1). Other than three channels
// each get the mean of its first three rows, as grey does in StyleGAN2-ADA.
at::Tensor mix_colors(const at::Tensor& x, const at::Tensor& matrix);

}  // namespace ganymede::nn::augment
