// Layers that know the class of every sample. The labels reach them beside the input, so that a
// conditional network is still a list of layers.
#pragma once

#include <ATen/core/Tensor.h>

#include "ganymede/nn/layers.h"

namespace ganymede::nn {

// While it lives, forward passes of this thread belong to samples of these classes: int64 [N] in
// [0, classes), undefined for none.
class ClassScope {
 public:
  explicit ClassScope(at::Tensor labels);
  ~ClassScope();
  ClassScope(const ClassScope&) = delete;
  ClassScope& operator=(const ClassScope&) = delete;

  // Throws UsageError when no labels were given, or not `count`.
  static const at::Tensor& labels(int64_t count);

 private:
  at::Tensor previous_;
};

// Conditional batch normalisation (Dumoulin 2017, arXiv 1610.07629; de Vries 2017,
// arXiv 1707.00683): BatchNorm whose gain and bias are rows "weight" and "bias" [classes, C] of
// tables, 1 and 0 at the start.
class ConditionalBatchNorm final : public Module {
 public:
  ConditionalBatchNorm(int64_t channels, int64_t classes, double eps = 1e-5, double momentum = 0.1);
  at::Tensor forward(const at::Tensor& input) override;

 private:
  double eps_;
  double momentum_;
  at::Tensor* weight_;
  at::Tensor* bias_;
  at::Tensor* running_mean_;
  at::Tensor* running_var_;
};

// What turns D's features phi [N, F] into logits [N, 1]: l(phi) + <e_y, phi> (projection
// discriminator, Miyato & Koyama 2018, arXiv 1802.05637, eq. 3), with l "linear" and the rows e_y
// of "embedding.weight" [classes, F], both made by the caller; without an embedding just l.
class ProjectionHead final : public Module {
 public:
  ProjectionHead(ModulePtr linear, ModulePtr embedding);
  at::Tensor forward(const at::Tensor& features) override;

 private:
  Module& linear_;
  Module* embedding_ = nullptr;
};

ModulePtr conditional_batch_norm(int64_t channels, int64_t classes);

}  // namespace ganymede::nn
