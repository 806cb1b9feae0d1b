// What gans that take labels share.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "ganymede/gans/gan.h"

namespace ganymede::gans {

// Which classes the fakes of a training step are asked to have.
enum class FakeLabels {
  kData,     // those of the reals in the batch: fakes then have the data's own shares of classes
  kUniform,  // drawn evenly: rare classes are learnt as often as common ones
};
// Names in recipes: data, uniform.
std::vector<std::pair<const char*, FakeLabels>> enum_names(FakeLabels);

// int64 [N], drawn once per batch and shared by its phases.
at::Tensor fake_labels(FakeLabels kind, const Batch& reals, int64_t classes, Step& step);

// `spec` itself. Throws UsageError saying what to do when the data has no classes.
const SampleSpec& labelled(const SampleSpec& spec, const std::string& gan);

// Condition of samples whose labels may not be known: without them every class has an equal share,
// float32 [count, classes].
at::Tensor condition_or_even(const at::Tensor& labels, int64_t count, int64_t classes);

// Mean cross-entropy of class logits [N, classes] over the samples that have a label (int64 [N];
// -1: none), 0 where none has; scalar.
at::Tensor class_loss(const at::Tensor& logits, const at::Tensor& labels);
// Share of labelled samples whose largest logit is their class; scalar without gradient.
at::Tensor class_accuracy(const at::Tensor& logits, const at::Tensor& labels);

}  // namespace ganymede::gans
