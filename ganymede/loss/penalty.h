// Penalties on a critic's gradient, differentiable a second time.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>

#include "ganymede/core/random.h"

namespace ganymede::loss {

using Critic = std::function<at::Tensor(const at::Tensor&)>;

struct GradientPenalty {
  double target = 1.0;
  bool one_sided = false;  // penalise only norms above the target
};

// E (||grad D(x^)|| - target)^2 with x^ = r + u (f - r), u ~ U(0, 1) per sample
// (Gulrajani 2017, arXiv 1704.00028, eq. 3). real, fake: float [N, ...]; returns a scalar.
at::Tensor gradient_penalty(const Critic& critic, const at::Tensor& real, const at::Tensor& fake,
                            Stream& random, const GradientPenalty& options = {});

// 1/2 E ||grad D(x)||^2 on reals (R1) or fakes (R2) (Mescheder 2018, arXiv 1801.04406, eq. 9).
at::Tensor zero_centered_penalty(const Critic& critic, const at::Tensor& samples);

}  // namespace ganymede::loss
