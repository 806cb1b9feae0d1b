#include "ganymede/metrics/stacked_digits.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <string>
#include <vector>

#include "ganymede/core/error.h"
#include "ganymede/metrics/divergence.h"
#include "ganymede/metrics/picture_arrays.h"

namespace ganymede::metrics {
namespace {

constexpr int64_t kDigits = 10;
constexpr int64_t kSidePx = 28;
constexpr int64_t kBatch = 256;  // stacks classified at once

void check(const at::Tensor& images, const FeatureNet& classifier) {
  check_pictures(images, "metrics::stacked_modes");
  if (images.sizes().slice(1) != at::IntArrayRef({3, kSidePx, kSidePx})) {
    throw UsageError({.where = "metrics::stacked_modes",
                      .found = "pictures that are no stacked digits",
                      .allowed = "uint8 [N, 3, 28, 28]"});
  }
  if (classifier.classes() == kDigits) return;
  throw UsageError(
      {.where = "metrics::stacked_modes",
       .found = classifier.name() + " with " + std::to_string(classifier.classes()) + " classes",
       .allowed = "a classifier of the ten digits",
       .remedy = "gan features train --data digits, or MNIST files"});
}

// int64 [N]: 100 r + 10 g + b.
at::Tensor stacked_classes(const at::Tensor& stacks, const FeatureNet& classifier) {
  const at::Tensor digits =
      stacks.reshape({-1, 1, kSidePx, kSidePx}).to(at::kFloat).div(127.5F) - 1;
  const at::Tensor named = classifier.probabilities(digits).argmax(1).view({-1, 3});
  return (named * at::tensor({100, 10, 1}, at::kLong)).sum(1);
}

}  // namespace

StackedModes stacked_modes(const at::Tensor& images, const FeatureNet& digit_classifier) {
  check(images, digit_classifier);
  constexpr int64_t kModes = kDigits * kDigits * kDigits;
  std::vector<double> counts(kModes, 0.0);
  for (int64_t first = 0; first < images.size(0); first += kBatch) {
    const int64_t count = std::min(kBatch, images.size(0) - first);
    const at::Tensor classes = stacked_classes(images.narrow(0, first, count), digit_classifier);
    for (int64_t i = 0; i < count; ++i) ++counts.at(classes.data_ptr<int64_t>()[i]);
  }
  StackedModes result;
  result.samples = images.size(0);
  result.modes = std::ranges::count_if(counts, [](double n) { return n > 0; });
  result.kl = kl_divergence(counts, std::vector<double>(counts.size(), 1.0));
  return result;
}

}  // namespace ganymede::metrics
