// Solids as sets of filled voxels: how alike two are, how large, in how many parts.
#pragma once

#include <ATen/core/Tensor.h>

namespace ganymede::metrics {

// Intersection over union of every solid of `a` with every one of `b` (float32 [A or B, 1, S, S,
// S], filled above 0.5), float32 [A, B]; two empty solids are alike (1).
at::Tensor solid_overlap(const at::Tensor& a, const at::Tensor& b);

// Of each solid, float64 [N].
struct SolidStatistics {
  at::Tensor volume;   // share of its block that is filled
  at::Tensor parts;    // pieces that do not touch by a face of a voxel
  at::Tensor largest;  // share of the filled voxels that the largest piece has; 0 of an empty solid
};
SolidStatistics solid_statistics(const at::Tensor& solids);

// Generated solids against as many real ones, by 1 - IoU as distance (Achlioptas et al. 2018, arXiv
// 1707.02392, sec. 3.2; Lopez-Paz & Oquab 2017, arXiv 1610.06545). Rows and columns of the overlaps
// number the solids.
struct SolidVariety {
  double coverage = 0;  // share of the reals that are nearest to some generated solid
  double matching = 0;  // mean IoU of a real with the generated solid that is most like it
  double neighbour_accuracy = 0;  // of telling both by the nearest other solid; 0.5 is best
};
SolidVariety solid_variety(const at::Tensor& fakes, const at::Tensor& reals);

}  // namespace ganymede::metrics
