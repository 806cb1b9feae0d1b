#include "ganymede/infer/projection.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "ganymede/core/error.h"
#include "ganymede/infer/latent.h"

namespace ganymede::infer {
namespace {

constexpr double kBeta1 = 0.9, kBeta2 = 0.999, kEps = 1e-8;
constexpr double kLengthWeight = 0.1;
constexpr double kPi = 3.14159265358979323846;

at::Tensor per_row(const at::Tensor& x) { return x.flatten(1).mean(1); }

// What is minimised, for one target and rows of codes.
class Objective {
 public:
  Objective(const Model& model, const at::Tensor& target, const ProjectionOptions& options)
      : model_(model), options_(options), target_(target.unsqueeze(0).to(model.device())) {
    const at::NoGradGuard no_grad;
    features_ = model.gan().features(target_);
  }

  at::Tensor samples(const at::Tensor& z) const {
    gans::Request request;
    request.z = z;
    request.device = model_.device();
    if (model_.gan().conditional()) {
      request.labels = at::full({z.size(0)}, std::max<int64_t>(options_.label, 0), at::kLong)
                           .to(model_.device());
    }
    return model_.gan().generate(request);
  }
  at::Tensor pixels(const at::Tensor& x) const { return per_row((x - target_).square()); }
  at::Tensor features(const at::Tensor& x) const {
    if (!features_.defined()) return at::zeros({x.size(0)}, x.options());
    return per_row((model_.gan().features(x) - features_).square()) /
           features_.square().mean().clamp_min(1e-12);
  }
  at::Tensor perceptual(const at::Tensor& x) const {
    if (!options_.perceptual) return at::zeros({x.size(0)}, x.options());
    return options_.perceptual(x, target_.expand_as(x)).to(x.scalar_type());
  }
  at::Tensor loss(const at::Tensor& x, const at::Tensor& z) const {
    const double deviation = latent_deviation(model_.gan().latent());
    const at::Tensor length = z.square().mean(1) / (deviation * deviation);
    return pixels(x) + options_.feature_weight * features(x) +
           options_.perceptual_weight * perceptual(x) +
           kLengthWeight * at::relu(length - 1).square();
  }

 private:
  const Model& model_;
  const ProjectionOptions& options_;
  at::Tensor target_;    // [1, ...]
  at::Tensor features_;  // of the target; undefined where the gan has none
};

class Adam {
 public:
  explicit Adam(const at::Tensor& z) : first_(at::zeros_like(z)), second_(at::zeros_like(z)) {}
  at::Tensor step(const at::Tensor& z, const at::Tensor& gradient, double rate) {
    ++count_;
    first_ = kBeta1 * first_ + (1 - kBeta1) * gradient;
    second_ = kBeta2 * second_ + (1 - kBeta2) * gradient.square();
    const double bias1 = 1 - std::pow(kBeta1, count_), bias2 = 1 - std::pow(kBeta2, count_);
    return z - rate * (first_ / bias1) / ((second_ / bias2).sqrt() + kEps);
  }

 private:
  at::Tensor first_, second_;
  double count_ = 0;
};

at::Tensor best_candidates(const Objective& objective, const Model& model,
                           const ProjectionOptions& options) {
  const at::NoGradGuard no_grad;
  Stream random(options.seed, "projection");
  const at::Tensor z = model.gan().latent().draw(random, options.candidates).to(model.device());
  const at::Tensor losses = objective.loss(objective.samples(z), z);
  const int64_t kept = std::min(options.starts, options.candidates);
  return z.index_select(0, std::get<1>(losses.sort()).narrow(0, 0, kept));
}

void check(const Model& model, const at::Tensor& target, const ProjectionOptions& options) {
  if (target.sizes() != at::IntArrayRef(model.spec().shape)) {
    throw UsageError({.where = "target",
                      .found = "a picture of another shape than the model's",
                      .allowed = "one sample as the model makes them"});
  }
  for (const auto& [name, value] : {std::pair<const char*, int64_t>{"--steps", options.steps},
                                    {"--starts", options.starts},
                                    {"--candidates", options.candidates}}) {
    if (value >= 1) continue;
    throw UsageError({.where = name, .found = std::to_string(value), .allowed = "1 or more"});
  }
}

// Dense at the beginning, where most of the way is made.
std::set<int64_t> shown_steps(const ProjectionOptions& options) {
  std::set<int64_t> steps;
  for (int64_t i = 0; i < options.shown; ++i) {
    const double share = static_cast<double>(i) / static_cast<double>(options.shown);
    steps.insert(std::lround(static_cast<double>(options.steps) * share * share * share));
  }
  return steps;
}

at::Tensor gradient_of(const at::Tensor& losses, const at::Tensor& z, const Model& model) {
  if (losses.requires_grad()) {
    const auto found = torch::autograd::grad({losses.sum()}, {z}, {}, false, false, true);
    if (found[0].defined()) return found[0];
  }
  throw UsageError({.where = model.source().string(),
                    .found = model.gan_name() + " makes samples that z has no slope to",
                    .allowed = "gans that make samples from z by differentiable networks"});
}

}  // namespace

Projection project(const Model& model, const at::Tensor& target, const ProjectionOptions& options,
                   const std::function<void(int64_t step, double loss)>& progress) {
  check(model, target, options);
  const nn::ForwardScope scope(nn::Mode::kEvaluate, nullptr);
  const Objective objective(model, target, options);
  const gans::Latent latent = model.gan().latent();
  at::Tensor z = best_candidates(objective, model, options);
  Projection result;
  double best = INFINITY;
  Adam adam(z);
  const std::set<int64_t> shown = shown_steps(options);
  for (int64_t step = 0; step <= options.steps; ++step) {
    const at::Tensor point = z.detach().requires_grad_(true);
    const at::Tensor samples = objective.samples(point);
    const at::Tensor losses = objective.loss(samples, point);
    const at::Tensor gradient = gradient_of(losses, point, model);
    const at::NoGradGuard no_grad;
    const auto row = losses.argmin().item<int64_t>();
    const double loss = losses[row].item<double>();
    const at::Tensor sample = samples.detach().narrow(0, row, 1);
    if (step == 0) result.start_mse = objective.pixels(sample).item<double>();
    if (loss < best) {
      best = loss;
      result.z = point.detach().narrow(0, row, 1).cpu().clone();
      result.sample = sample[0].cpu().clone();
      result.mse = objective.pixels(sample).item<double>();
      result.feature_distance = objective.features(sample).item<double>();
      result.perceptual_distance = objective.perceptual(sample).item<double>();
    }
    if (shown.contains(step)) {
      result.way.emplace_back(step, sample[0].cpu().clone());
    }
    if (progress) progress(step, best);
    const double done = static_cast<double>(step) / static_cast<double>(options.steps);
    const double rate =
        options.learning_rate * latent_deviation(latent) * 0.5 * (1 + std::cos(kPi * done));
    z = within_range(latent, adam.step(point.detach(), gradient, rate));
  }
  result.psnr_db = 10 * std::log10(4 / std::max(result.mse, 1e-12));
  return result;
}

}  // namespace ganymede::infer
