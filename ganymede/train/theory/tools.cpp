#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "ganymede/loss/adversarial.h"
#include "ganymede/nn/networks.h"
#include "ganymede/train/theory/experiments.h"

namespace ganymede::train::theory {
namespace {

constexpr int64_t kBatch = 512;

}  // namespace

at::Tensor draw(const metrics::GaussianMixture& mixture, int64_t count, Stream& random) {
  const at::Tensor z = random.normal({count, 1});
  const at::Tensor u = random.uniform({count, 1});
  at::Tensor x = at::zeros({count, 1});
  double low = 0;
  for (const metrics::GaussianPart& part : mixture) {
    const at::Tensor mine = u.ge(low).logical_and(u.lt(low + part.weight));
    x = at::where(mine, z * part.deviation + part.mean, x);
    low += part.weight;
  }
  return x;
}

at::Tensor column(const std::vector<double>& points) {
  return at::tensor(at::ArrayRef<double>(points), at::kDouble).to(at::kFloat).unsqueeze(1);
}

std::vector<double> numbers(const at::Tensor& tensor) {
  const at::Tensor flat = tensor.detach().to(at::kDouble).contiguous().view(-1);
  return {flat.data_ptr<double>(), flat.data_ptr<double>() + flat.numel()};
}

nn::ModulePtr small_discriminator(uint64_t seed) {
  auto net = nn::mlp(1, {48, 48}, 1, {.hidden = nn::Activation::kTanh});
  net->initialize(seed, "theory/D");
  return net;
}

NamedParameters parameters_of(nn::Module& module) {
  NamedParameters all;
  module.each_parameter([&](const std::string& path, at::Tensor& p) { all.emplace_back(path, p); });
  return all;
}

Optimizer decaying_adam(nn::Module& module, double learning_rate, double beta1, int64_t steps) {
  OptimizerConfig config;
  config.learning_rate = learning_rate;
  config.beta1 = beta1;
  config.decay = Decay::kLinear;
  config.decay_end_kimg = static_cast<double>(steps);
  return Optimizer(config, parameters_of(module));
}

void descend(Optimizer& optimizer, const at::Tensor& loss, int64_t step) {
  optimizer.zero_grad();
  loss.backward();
  optimizer.step(static_cast<double>(step));
}

void train_discriminator(nn::Module& discriminator, const metrics::GaussianMixture& p,
                         const metrics::GaussianMixture& q, int64_t steps, uint64_t seed,
                         const std::function<void(int64_t step)>& watch) {
  Optimizer optimizer = decaying_adam(discriminator, 5e-3, 0.9, steps);
  for (int64_t step = 0; step < steps; ++step) {
    if (watch) watch(step);
    Stream random(seed, "theory/batch", static_cast<uint64_t>(step));
    const at::Tensor real = draw(p, kBatch, random);
    const at::Tensor fake = draw(q, kBatch, random);
    const at::Tensor logits = discriminator(at::cat({real, fake}));
    descend(optimizer,
            loss::discriminator(loss::Adversarial::kMinimax, logits.slice(0, 0, kBatch),
                                logits.slice(0, kBatch)),
            step);
  }
}

double value_of_game(nn::Module& discriminator, const metrics::GaussianMixture& p,
                     const metrics::GaussianMixture& q, int64_t count, uint64_t seed) {
  const at::NoGradGuard no_grad;
  Stream random(seed, "theory/value");
  const at::Tensor real = discriminator(draw(p, count, random));
  const at::Tensor fake = discriminator(draw(q, count, random));
  return -loss::discriminator(loss::Adversarial::kMinimax, real, fake).item<double>();
}

std::vector<double> probabilities(nn::Module& discriminator, const std::vector<double>& points) {
  const at::NoGradGuard no_grad;
  return numbers(at::sigmoid(discriminator(column(points))));
}

}  // namespace ganymede::train::theory
