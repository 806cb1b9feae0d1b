// Affine warps of images for augmentation, after Karras et al. 2020, arXiv 2006.06676, appendix B:
// reflected borders, twice the resolution by the orthogonal wavelet sym6, bilinear sampling, and
// back. A warp is a linear map of the pixels built from matrix products and gathers, so that it can
// be differentiated twice (LibTorch's grid_sample cannot), which R1 and gradient penalties need.
#pragma once

#include <ATen/core/Tensor.h>

namespace ganymede::nn::augment {

// x: float [N, C, H, W]. inverse: [N, 3, 3] on the CPU; it maps homogeneous pixel coordinates of
// the output to those of the input, both counted from the centre of the image, x to the right, y
// downwards. The identity gives x back (to rounding). Returns [N, C, H, W].
at::Tensor warp(const at::Tensor& x, const at::Tensor& inverse);

// The same for maps that send pixels to pixels (mirror, quarter turns, whole steps): an exact copy,
// where the filter of warp(), which is not quite symmetric, would change fine detail.
at::Tensor blit(const at::Tensor& x, const at::Tensor& inverse);

// [N, 3, 3] float64 maps of the plane: by factors, offsets in px, angles in radians, each [N].
at::Tensor scaling(const at::Tensor& horizontal, const at::Tensor& vertical);
at::Tensor shift(const at::Tensor& right, const at::Tensor& down);
at::Tensor rotation(const at::Tensor& angle);

}  // namespace ganymede::nn::augment
