#include "ganymede/nn/conditional.h"

#include <ATen/ATen.h>

#include <utility>

#include "ganymede/core/error.h"

namespace ganymede::nn {
namespace {

thread_local at::Tensor class_labels;

}  // namespace

ClassScope::ClassScope(at::Tensor labels)
    : previous_(std::exchange(class_labels, std::move(labels))) {}

ClassScope::~ClassScope() { class_labels = std::move(previous_); }

const at::Tensor& ClassScope::labels(int64_t count) {
  if (class_labels.defined() && class_labels.numel() == count) {
    const bool all_named = !class_labels.is_cpu() || class_labels.min().item<int64_t>() >= 0;
    if (all_named) return class_labels;
    throw UsageError({.where = "class labels",
                      .found = "samples without a class among labelled ones",
                      .allowed = "a class for every sample",
                      .remedy = "leave the unlabelled samples out, or train without classes"});
  }
  const std::string found = class_labels.defined() ? std::to_string(class_labels.numel()) : "no";
  throw UsageError({.where = "class labels",
                    .found = found + " labels for " + std::to_string(count) + " samples",
                    .allowed = "one class for each sample of a conditional network",
                    .remedy = "give classes, or data with labels"});
}

ConditionalBatchNorm::ConditionalBatchNorm(int64_t channels, int64_t classes, double eps,
                                           double momentum)
    : eps_(eps),
      momentum_(momentum),
      weight_(&parameter("weight", {classes, channels}, Init::constant(1))),
      bias_(&parameter("bias", {classes, channels}, Init::constant(0))),
      running_mean_(&buffer("running_mean", {channels}, 0)),
      running_var_(&buffer("running_var", {channels}, 1)) {}

at::Tensor ConditionalBatchNorm::forward(const at::Tensor& input) {
  const bool train = ForwardScope::mode() == Mode::kTrain;
  const bool with_running = !train || !frozen();
  const auto running = [&](const at::Tensor* tensor) {
    return with_running ? std::optional<at::Tensor>(*tensor) : std::nullopt;
  };
  const at::Tensor normal = at::batch_norm(input, {}, {}, running(running_mean_),
                                           running(running_var_), train, momentum_, eps_,
                                           /*cudnn_enabled=*/true);
  const at::Tensor& labels = ClassScope::labels(input.size(0));
  std::vector<int64_t> shape(static_cast<size_t>(input.dim()), 1);
  shape[0] = input.size(0);
  shape[1] = input.size(1);
  const auto row = [&](const at::Tensor& table) {
    return table.index_select(0, labels.to(table.device())).view(shape);
  };
  return at::addcmul(row(*bias_), normal, row(*weight_));
}

ProjectionHead::ProjectionHead(ModulePtr linear, ModulePtr embedding)
    : linear_(child("linear", std::move(linear))) {
  if (embedding) embedding_ = &child("embedding", std::move(embedding));
}

at::Tensor ProjectionHead::forward(const at::Tensor& features) {
  at::Tensor logits = linear_(features);
  if (embedding_ == nullptr) return logits;
  const at::Tensor rows = embedding_->forward(ClassScope::labels(features.size(0)));
  return logits + (rows * features).sum(1, /*keepdim=*/true);
}

ModulePtr conditional_batch_norm(int64_t channels, int64_t classes) {
  return std::make_shared<ConditionalBatchNorm>(channels, classes);
}

}  // namespace ganymede::nn
