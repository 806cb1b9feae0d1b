// Sliced Wasserstein distance between local patches of two sets of pictures, level by level of a
// Laplacian pyramid. Karras, Aila, Laine, Lehtinen 2018, arXiv 1710.10196, sec. 5, and their code.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace ganymede::metrics {

inline constexpr int64_t kPatchPx = 7;
inline constexpr int64_t kPatchesPerImage = 128;
inline constexpr int64_t kSliceDirections = 512;  // 4 x 128 in the paper
inline constexpr int64_t kLowestLevelPx = 16;

// real, fake: uint8 [N, C, H, W] of equal shape. One entry per level, finest first, then their
// mean; each x 1000, as in the paper's tables. Levels halve until the shorter side is 16 px or
// less: 64 px has 64, 32, 16; 28 px has 28, 14. From each picture of each level 128 patches of
// 7 x 7 px at random places (keyed by seed, set, level and picture) are scaled, channel by channel
// over all patches of a set, to mean 0 and deviation 1, and projected on 512 random directions; the
// entry is the mean distance between sorted projections. The distance of two samples of one
// distribution is not 0 and falls with N: compare at equal N only (the paper takes 16,384), beside
// the figure for two halves of the reals. Deterministic; sums are float64, patches and projections
// are kept as float32, which takes 4 * 128 * 49 * C * N bytes for each set. UsageError for shapes
// that differ or sides below 7 px.
std::vector<double> sliced_wasserstein(const at::Tensor& real, const at::Tensor& fake,
                                       uint64_t seed);

// The parts, for tests and for other ways of drawing.

// images: [N, C, H, W], any dtype -> float64 levels, finest first, the last one the low-pass rest.
// Halving is [1 4 6 4 1]^2 / 256 with mirrored borders, then every second pixel.
std::vector<at::Tensor> laplacian_pyramid(const at::Tensor& images);

// level: [N, C, h, w]; corners: int64 [N, P, 2], top and left of each patch. Returns float32
// [N * P, C, 7 * 7].
at::Tensor patch_descriptors(const at::Tensor& level, const at::Tensor& corners);

// real, fake: [M, C, 49] as above; directions: float64 [C * 49, D], unit columns. Not x 1000.
double sliced_distance(const at::Tensor& real, const at::Tensor& fake,
                       const at::Tensor& directions);

}  // namespace ganymede::metrics
