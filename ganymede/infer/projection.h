// The code whose sample comes nearest to a given picture, found by optimisation (Zhu et al. 2016,
// arXiv 1609.03552; Karras et al. 2020, arXiv 1912.04958, appendix D).
#pragma once

#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "ganymede/infer/model.h"

namespace ganymede::infer {

// Differentiable distance of pictures [N, C, H, W] in [-1, 1], smaller is nearer: [N].
using PictureDistance = std::function<at::Tensor(const at::Tensor& a, const at::Tensor& b)>;

struct ProjectionOptions {
  int64_t steps = 300;
  double learning_rate = 0.05;      // of Adam, falling to zero by a cosine
  int64_t starts = 4;               // codes optimised side by side; the best one counts
  int64_t candidates = 256;         // random codes from which the nearest are the starts
  double feature_weight = 0.1;      // of D's features, where the gan has some
  PictureDistance perceptual = {};  // may be empty
  double perceptual_weight = 1;
  int64_t shown = 6;  // pictures on the way
  uint64_t seed = 0;
  int64_t label = -1;  // of conditional gans
};

struct Projection {
  at::Tensor z;                                     // float32 [1, dim]
  at::Tensor sample;                                // float32 [...spec.shape], what z gives
  std::vector<std::pair<int64_t, at::Tensor>> way;  // step, sample
  double mse = 0;                                   // of values in [-1, 1]
  double psnr_db = 0;                               // with a peak of 2
  double feature_distance = 0;     // |f - f*|^2 / |f*|^2 of D's features; 0 where there are none
  double perceptual_distance = 0;  // 0 without one
  double start_mse = 0;            // of the best candidate
};

// target: float32 [...spec.shape]. The loss is the mean square of pixels, plus the weighted
// distances, plus a penalty for codes longer than training drew them; uniform codes are kept in
// their range. A pure function of its arguments; the model does not change. Throws UsageError for
// another shape, steps, starts or candidates < 1, and gans whose samples cannot be differentiated.
Projection project(const Model& model, const at::Tensor& target, const ProjectionOptions& options,
                   const std::function<void(int64_t step, double loss)>& progress = {});

}  // namespace ganymede::infer
