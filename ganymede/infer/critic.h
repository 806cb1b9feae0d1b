// The discriminator of a trained model as a tool: how real each picture looks to it, and what it
// sees in them.
#pragma once

#include <filesystem>
#include <string>

#include "ganymede/infer/model.h"

namespace ganymede::infer {

class Critic {
 public:
  // As Model::load. Throws UsageError for gans without a discriminator.
  static Critic load(const std::filesystem::path& path, const std::string& device = "cpu");

  const Model& model() const { return model_; }
  const SampleSpec& spec() const { return model_.spec(); }

  // Whether scores are logits of "is real", so that sigmoid(score) is D's probability: true for
  // gans trained by cross-entropy (minimax, non_saturating).
  bool has_probability() const { return has_probability_; }

  // Evaluation mode, no gradients, nothing changes. samples: float32 [N, ...spec.shape]; labels:
  // int64 [N] or undefined. Returns float32 [N] on the CPU: logit or critic value, higher is more
  // like the reals. Throws UsageError for samples of another shape.
  at::Tensor score(const at::Tensor& samples, const at::Tensor& labels = {}) const;

  // What D's last layer sees: float32 [N, dim] on the CPU. UsageError where the gan gives none.
  at::Tensor features(const at::Tensor& samples) const;

 private:
  explicit Critic(Model model);
  void check(const at::Tensor& samples) const;

  Model model_;
  bool has_probability_ = false;
};

}  // namespace ganymede::infer
