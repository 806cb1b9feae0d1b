// Clips: how alike their frames are to real frames, and how they move. All float32 [N, C, T, H, W]
// in [-1, 1].
#pragma once

#include <ATen/core/Tensor.h>

namespace ganymede::metrics {

// Frechet distance between single frames, seen through the first principal components of the real
// ones (at most 64, and fewer than half the frames). UsageError for other shapes, a single clip, or
// frames of two sizes.
double frame_distance(const at::Tensor& real, const at::Tensor& fake);

// Of each clip, float64 [N], in grey levels of 255.
struct MotionStatistics {
  at::Tensor motion;  // mean absolute difference of neighbouring frames
  at::Tensor jerk;    // mean absolute second difference: 0 where every pixel changes evenly
  at::Tensor travel;  // mean absolute difference of the first frame and the last
};
MotionStatistics motion_statistics(const at::Tensor& clips);

}  // namespace ganymede::metrics
