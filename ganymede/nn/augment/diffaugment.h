// Differentiable augmentation: Zhao et al. 2020, arXiv 2006.10738. Everything that D sees, real or
// generated, passes it.
#pragma once

#include <ATen/core/Tensor.h>

#include "ganymede/core/random.h"

namespace ganymede::nn::augment {

struct DiffAugmentPolicy {
  bool color = true;        // brightness +-0.5, saturation x 0..2, contrast x 0.5..1.5
  bool translation = true;  // by up to an eighth of the size, zero beyond the border
  bool cutout = true;       // a square of half the size, its centre anywhere, is zero
};

// x: float [N, C, H, W] in [-1, 1]; every sample gets draws of its own, the same number whatever
// the policy. Returns the shape of x; values may leave [-1, 1].
at::Tensor diff_augment(const at::Tensor& x, const DiffAugmentPolicy& policy, Stream& random);

}  // namespace ganymede::nn::augment
