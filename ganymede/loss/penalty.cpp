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

at::Tensor between(const at::Tensor& real, const at::Tensor& fake, Stream& random) {
  std::vector<int64_t> shape(static_cast<size_t>(real.dim()), 1);
  shape[0] = real.size(0);
  const at::Tensor share = random.uniform(shape).to(real.options().requires_grad(false));
  return at::lerp(real.detach(), fake.detach(), share);
}

}  // namespace

at::Tensor gradient_penalty(const Critic& critic, const at::Tensor& real, const at::Tensor& fake,
                            Stream& random, const GradientPenalty& options) {
  if (real.sizes() != fake.sizes() || real.dim() < 2) {
    throw UsageError({.where = "loss::gradient_penalty",
                      .found = "reals and fakes of different shapes, or without a batch dimension",
                      .allowed = "two tensors of one shape [N, ...]"});
  }
  const at::Tensor norm = critic_gradient(critic, between(real, fake, random)).norm(2, {1});
  const at::Tensor excess = norm - options.target;
  return (options.one_sided ? at::relu(excess) : excess).square().mean();
}

at::Tensor zero_centered_penalty(const Critic& critic, const at::Tensor& samples) {
  return 0.5 * critic_gradient(critic, samples).square().sum(1).mean();
}

}  // namespace ganymede::loss
