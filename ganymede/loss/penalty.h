// Penalties as data: any gan names one. What keeps a critic smooth, or its filters apart.
//
//   r1        1/2 E ||grad D(x)||^2 on reals            Mescheder 2018, arXiv 1801.04406, eq. 9
//   r2        the same on fakes                         eq. 10
//   r1_r2     both                                      R3GAN: Huang 2024, arXiv 2501.05441
//   gradient  E (||grad D(x^)|| - t)^2                  Gulrajani 2017, arXiv 1704.00028, eq. 3
//             one-sided: only norms above t             Petzka 2018, arXiv 1709.08894
//     x^ between r and f                                Gulrajani
//     x^ around reals: r + s noise std(r) u             DRAGAN: Kodali 2017, arXiv 1705.07215,
//       s ~ U(0, 1) per sample, u ~ U(0, 1) per value   with the noise of the authors' code
//     x^ = r
//   weight clip: every weight in [-c, c]                Arjovsky 2017, arXiv 1701.07875
//   orthogonal: sum ||W W^T o (1 - I)||^2 of matrices   Brock 2019, arXiv 1809.11096, eq. 3
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <utility>
#include <vector>

#include "ganymede/core/random.h"
#include "ganymede/nn/module.h"

namespace ganymede::loss {

using Critic = std::function<at::Tensor(const at::Tensor&)>;

enum class Points { kBetween, kAroundReals, kReals };
// Names in recipes: between, around_reals, reals.
std::vector<std::pair<const char*, Points>> enum_names(Points);

struct GradientPenalty {
  double target = 1.0;
  bool one_sided = false;  // penalise only norms above the target
  Points points = Points::kBetween;
  double noise = 0.5;  // kAroundReals: times the standard deviation of all values of the batch
};

// E (||grad D(x^)|| - target)^2. real, fake: float [N, ...] (fakes are read for kBetween alone and
// may be undefined otherwise); returns a scalar that can be differentiated again.
at::Tensor gradient_penalty(const Critic& critic, const at::Tensor& real, const at::Tensor& fake,
                            Stream& random, const GradientPenalty& options = {});

// 1/2 E ||grad D(x)||^2 on reals (R1) or fakes (R2).
at::Tensor zero_centered_penalty(const Critic& critic, const at::Tensor& samples);

// Sum over all matrices W (parameters of two or more dimensions as [out, rest]) of the squared
// products of different rows.
at::Tensor orthogonal_penalty(nn::Module& module);

enum class Penalty { kNone, kR1, kR2, kR1R2, kGradient };
// Names in recipes: none, r1, r2, r1_r2, gradient.
std::vector<std::pair<const char*, Penalty>> enum_names(Penalty);

// What a recipe says about penalties.
struct Penalties {
  Penalty penalty = Penalty::kNone;
  double penalty_weight = 10;
  // Above 1: lazy, in a phase of its own in every so many steps with so many times the weight
  // (Karras 2020, arXiv 1912.04958, appendix B).
  int64_t penalty_interval = 1;
  double penalty_target = 1;
  bool penalty_one_sided = false;
  Points penalty_points = Points::kBetween;
  double weight_clip = 0;        // 0: none
  double orthogonal_weight = 0;  // of G; 0: none
};

struct PenaltyTerm {
  const char* name;  // "r1", "r2", "gradient_penalty"
  at::Tensor value;
  double weight;
};

// Every penalty on D's slope that is named, with penalty_weight (R1, R2) or lambda. Samples as D
// sees them; gradients flow to D's parameters only.
std::vector<PenaltyTerm> penalties(const Penalties& options, const Critic& critic,
                                   const at::Tensor& real, const at::Tensor& fake, Stream& random);

}  // namespace ganymede::loss
