#include "ganymede/loss/penalty.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>

#include "ganymede/core/error.h"

namespace ganymede::loss {
namespace {

// d sum D(points) / d points as a graph that can be differentiated again, one row per sample.
at::Tensor critic_gradient(const Critic& critic, const at::Tensor& samples) {
  at::Tensor points = samples.detach();
  points.set_requires_grad(true);
  const auto gradients =
      torch::autograd::grad({critic(points).sum()}, {points}, /*grad_outputs=*/{},
                            /*retain_graph=*/true, /*create_graph=*/true);
  return gradients.at(0).flatten(1);
}

// One number in [0, 1) for each sample, [N, 1, ...].
at::Tensor shares(const at::Tensor& samples, Stream& random) {
  std::vector<int64_t> shape(static_cast<size_t>(samples.dim()), 1);
  shape[0] = samples.size(0);
  return random.uniform(shape).to(samples.options().requires_grad(false));
}

at::Tensor between(const at::Tensor& real, const at::Tensor& fake, Stream& random) {
  if (real.sizes() != fake.sizes() || real.dim() < 2) {
    throw UsageError({.where = "loss::gradient_penalty",
                      .found = "reals and fakes of different shapes, or without a batch dimension",
                      .allowed = "two tensors of one shape [N, ...]"});
  }
  return at::lerp(real.detach(), fake.detach(), shares(real, random));
}

at::Tensor around(const at::Tensor& real, double noise, Stream& random) {
  const at::Tensor u = random.uniform(real.sizes()).to(real.options().requires_grad(false));
  return real.detach() + shares(real, random) * noise * real.detach().std() * u;
}

at::Tensor points_of(const GradientPenalty& options, const at::Tensor& real, const at::Tensor& fake,
                     Stream& random) {
  switch (options.points) {
    case Points::kBetween:
      return between(real, fake, random);
    case Points::kAroundReals:
      return around(real, options.noise, random);
    case Points::kReals:
      break;
  }
  return real;
}

}  // namespace

std::vector<std::pair<const char*, Points>> enum_names(Points) {
  return {{"between", Points::kBetween},
          {"around_reals", Points::kAroundReals},
          {"reals", Points::kReals}};
}

std::vector<std::pair<const char*, Penalty>> enum_names(Penalty) {
  return {{"none", Penalty::kNone},
          {"r1", Penalty::kR1},
          {"r2", Penalty::kR2},
          {"r1_r2", Penalty::kR1R2},
          {"gradient", Penalty::kGradient}};
}

at::Tensor gradient_penalty(const Critic& critic, const at::Tensor& real, const at::Tensor& fake,
                            Stream& random, const GradientPenalty& options) {
  const at::Tensor norm =
      critic_gradient(critic, points_of(options, real, fake, random)).norm(2, {1});
  const at::Tensor excess = norm - options.target;
  return (options.one_sided ? at::relu(excess) : excess).square().mean();
}

at::Tensor zero_centered_penalty(const Critic& critic, const at::Tensor& samples) {
  return 0.5 * critic_gradient(critic, samples).square().sum(1).mean();
}

at::Tensor orthogonal_penalty(nn::Module& module) {
  at::Tensor sum;
  module.each_parameter([&](const std::string&, at::Tensor& parameter) {
    if (parameter.dim() < 2) return;
    const at::Tensor rows = parameter.flatten(1);
    const at::Tensor products = at::mm(rows, rows.t());
    const at::Tensor value = (products - products.diagonal().diag_embed()).square().sum();
    sum = sum.defined() ? sum + value : value;
  });
  return sum;
}

std::vector<PenaltyTerm> penalties(const Penalties& options, const Critic& critic,
                                   const at::Tensor& real, const at::Tensor& fake, Stream& random) {
  const double weight = options.penalty_weight * static_cast<double>(options.penalty_interval);
  const bool both = options.penalty == Penalty::kR1R2;
  std::vector<PenaltyTerm> terms;
  if (both || options.penalty == Penalty::kR1) {
    terms.push_back({"r1", zero_centered_penalty(critic, real), weight});
  }
  if (both || options.penalty == Penalty::kR2) {
    terms.push_back({"r2", zero_centered_penalty(critic, fake), weight});
  }
  if (options.penalty == Penalty::kGradient) {
    const GradientPenalty gradient{.target = options.penalty_target,
                                   .one_sided = options.penalty_one_sided,
                                   .points = options.penalty_points};
    terms.push_back(
        {"gradient_penalty", gradient_penalty(critic, real, fake, random, gradient), weight});
  }
  return terms;
}

}  // namespace ganymede::loss
