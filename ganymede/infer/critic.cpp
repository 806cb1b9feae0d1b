#include "ganymede/infer/critic.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>

#include "ganymede/config/recipe.h"
#include "ganymede/core/error.h"

namespace ganymede::infer {
namespace {

constexpr int64_t kBatch = 128;

bool trained_by_cross_entropy(const Model& model) {
  const auto loss =
      config::Recipe::parse(model.recipe(), model.source().string() + ": recipe").find("gan.loss");
  if (!loss || !std::holds_alternative<std::string>(*loss)) return false;
  const auto& name = std::get<std::string>(*loss);
  return name == "minimax" || name == "non_saturating";
}

[[noreturn]] void refuse_gan(const Model& model, const std::string& lacks) {
  throw UsageError({.where = model.source().string(),
                    .found = model.gan_name() + " has " + lacks,
                    .allowed = "gans with a discriminator or critic"});
}

// `run` on the samples in batches, its results joined on the CPU.
template <typename Run>
at::Tensor in_batches(const Model& model, const at::Tensor& samples, const Run& run) {
  const at::NoGradGuard no_grad;
  const nn::ForwardScope scope(nn::Mode::kEvaluate, nullptr);
  std::vector<at::Tensor> parts;
  for (int64_t begin = 0; begin < samples.size(0); begin += kBatch) {
    const int64_t count = std::min(kBatch, samples.size(0) - begin);
    const at::Tensor part = run(samples.narrow(0, begin, count).to(model.device()), begin, count);
    if (!part.defined()) return {};
    parts.push_back(part.to(at::kFloat).cpu());
  }
  return at::cat(parts);
}

}  // namespace

Critic::Critic(Model model)
    : model_(std::move(model)), has_probability_(trained_by_cross_entropy(model_)) {
  std::vector<int64_t> shape = spec().shape;
  shape.insert(shape.begin(), 1);
  const at::Tensor labels = spec().classes > 0 ? at::zeros({1}, at::kLong) : at::Tensor();
  const at::Tensor one = at::zeros(shape);
  const at::Tensor found = in_batches(model_, one, [&](const at::Tensor& batch, int64_t, int64_t) {
    return model_.gan().score(batch, labels);
  });
  if (!found.defined()) refuse_gan(model_, "no discriminator");
}

Critic Critic::load(const std::filesystem::path& path, const std::string& device) {
  return Critic(Model::load(path, device));
}

void Critic::check(const at::Tensor& samples) const {
  std::vector<int64_t> shape = spec().shape;
  shape.insert(shape.begin(), samples.dim() > 0 ? samples.size(0) : 0);
  if (samples.dim() > 0 && samples.size(0) > 0 && samples.sizes() == shape) return;
  throw UsageError({.where = "samples",
                    .found = "a tensor of another shape than the model's",
                    .allowed = "at least one sample as " + model_.gan_name() + " was trained on"});
}

at::Tensor Critic::score(const at::Tensor& samples, const at::Tensor& labels) const {
  check(samples);
  return in_batches(model_, samples, [&](const at::Tensor& batch, int64_t begin, int64_t count) {
    const at::Tensor classes =
        labels.defined() ? labels.narrow(0, begin, count).to(model_.device()) : at::Tensor();
    return model_.gan().score(batch, classes);
  });
}

at::Tensor Critic::features(const at::Tensor& samples) const {
  check(samples);
  const at::Tensor found = in_batches(
      model_, samples,
      [&](const at::Tensor& batch, int64_t, int64_t) { return model_.gan().features(batch); });
  if (!found.defined()) refuse_gan(model_, "no features");
  return found;
}

}  // namespace ganymede::infer
