// How images reach the input size of a feature network. The choice moves a Frechet distance more
// than most changes to a model do (Parmar, Zhang, Zhu 2022, arXiv 2104.11222), so it is a part of
// every record.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "ganymede/media/resize.h"

namespace ganymede::metrics {

// "none", "clean", "legacy-pytorch", "legacy-tensorflow".
const std::vector<std::string>& resize_modes();

// Pillow's antialiased resampling of each channel as floats (its mode "F"): sums in double, the
// width first, no rounding and no clipping between or after the passes. images: uint8 or floating
// [N, C, H, W]; returns float32 [N, C, height, width]. UsageError for other shapes or types and
// for sides outside 1..65,536.
at::Tensor resize_antialiased(const at::Tensor& images, int64_t height, int64_t width,
                              media::Filter filter);

// TensorFlow 1's resize_bilinear with align_corners=False: pixel i of the result lies at
// i * in / out (no half-pixel centres), and nothing is smoothed when shrinking. float32 arithmetic
// in TensorFlow's order of operations. Shapes and errors as above.
at::Tensor resize_tensorflow(const at::Tensor& images, int64_t height, int64_t width);

// images: uint8 or floating [N, C, H, W] in 0..255; returns float32 [N, C, size_px, size_px] in
// 0..255, not quantised:
//   clean              bicubic with antialiasing, clipped to 0..255 (clean-fid)
//   legacy-pytorch     bilinear, half-pixel centres, no antialiasing (pytorch-fid)
//   legacy-tensorflow  resize_tensorflow (the first FID code, StyleGAN)
//   none               the images must have the size already
// Throws UsageError for another mode, shape or type.
at::Tensor resize_for_features(const at::Tensor& images, const std::string& mode, int64_t size_px);

}  // namespace ganymede::metrics
