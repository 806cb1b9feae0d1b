// The augmentation pipeline of Karras et al. 2020, "Training generative adversarial networks with
// limited data", arXiv 2006.06676, appendix B: each operation befalls each sample with probability
// p, so that below p of about 0.8 it does not leak into what the generator makes.
#pragma once

#include <ATen/core/Tensor.h>

#include "ganymede/core/random.h"

namespace ganymede::nn::augment {

struct AdaPolicy {
  bool blit = true;      // mirror, quarter turns, whole pixels up to an eighth of the size
  bool geometry = true;  // scale, turn, stretch, move by fractions of a pixel
  bool color = true;     // brightness, contrast, luma flip; of three channels hue and saturation
  bool noise = false;    // Gaussian, sigma |N(0, 0.1)|
  bool cutout = false;   // a square of half the size, its centre anywhere, is zero
};

// One value per sample, float64 [N]; the default of each is what changes nothing.
struct Placement {
  at::Tensor mirror;                 // 0 or 1
  at::Tensor quarter_turns;          // 0..3
  at::Tensor step_right, step_down;  // whole px
  at::Tensor scale;                  // 1: none
  at::Tensor turn_before;            // radians
  at::Tensor stretch;                // horizontal factor, whose inverse is the vertical one
  at::Tensor turn_after;             // radians
  at::Tensor move_right, move_down;  // px
};
struct Tint {
  at::Tensor brightness;  // added
  at::Tensor contrast;    // factor
  at::Tensor luma_flip;   // 0 or 1
  at::Tensor hue;         // radians about the grey axis
  at::Tensor saturation;  // factor
};

// Draws where each operation happens with probability `strength` in [0, 1]; the number of draws
// does not depend on it.
Placement draw_placement(const AdaPolicy& policy, int64_t count, int64_t height, int64_t width,
                         double strength, Stream& random);
Tint draw_tint(const AdaPolicy& policy, int64_t count, double strength, Stream& random);

// The inverse map of the plane for warp(), float64 [N, 3, 3].
at::Tensor inverse_of(const Placement& placement);
// For mix_colors(), float64 [N, 4, 4].
at::Tensor matrix_of(const Tint& tint, int64_t channels);

// x: float [N, C, H, W] in [-1, 1], `strength` = p in [0, 1]. At p = 0 x itself comes back.
at::Tensor ada_augment(const at::Tensor& x, const AdaPolicy& policy, double strength,
                       Stream& random);

}  // namespace ganymede::nn::augment
