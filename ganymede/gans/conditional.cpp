#include "ganymede/gans/conditional.h"

#include <ATen/ATen.h>

#include "ganymede/core/error.h"
#include "ganymede/nn/conditioning.h"

namespace ganymede::gans {

std::vector<std::pair<const char*, FakeLabels>> enum_names(FakeLabels) {
  return {{"data", FakeLabels::kData}, {"uniform", FakeLabels::kUniform}};
}

at::Tensor fake_labels(FakeLabels kind, const Batch& reals, int64_t classes, Step& step) {
  if (kind == FakeLabels::kData) return reals.labels;
  return step.once("labels", [&] {
    return step.random().integers({reals.size()}, 0, classes).to(reals.samples.device());
  });
}

const SampleSpec& labelled(const SampleSpec& spec, const std::string& gan) {
  if (spec.classes > 0) return spec;
  throw UsageError({.where = "data",
                    .found = "samples without classes, from which " + gan + " cannot learn",
                    .allowed = "labelled data: a folder per class, MNIST or CIFAR files with their "
                               "labels, an archive with dataset.json, NPZ with labels",
                    .remedy = "label the data (and keep data.labels=true), or train a gan without "
                              "classes, such as dcgan"});
}

at::Tensor condition_or_even(const at::Tensor& labels, int64_t count, int64_t classes) {
  if (labels.defined()) return nn::one_hot(labels, classes);
  return at::full({count, classes}, 1.0 / static_cast<double>(classes), at::kFloat);
}

at::Tensor class_loss(const at::Tensor& logits, const at::Tensor& labels) {
  const at::Tensor wanted = nn::one_hot(labels, logits.size(1));
  return -(at::log_softmax(logits, 1) * wanted).sum() / wanted.sum().clamp_min(1);
}

at::Tensor class_accuracy(const at::Tensor& logits, const at::Tensor& labels) {
  const at::Tensor right = logits.detach().argmax(1).eq(labels).to(at::kFloat);
  return right.sum() / labels.ge(0).sum().clamp_min(1);
}

}  // namespace ganymede::gans
