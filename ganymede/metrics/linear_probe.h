// How much a set of features knows about classes: multinomial logistic regression on top of them
// (Alain & Bengio 2016, arXiv 1610.01644).
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace ganymede::metrics {

// weight [classes, dim] and bias [classes], float64: logits = x W^T + b.
struct SoftmaxFit {
  at::Tensor weight;
  at::Tensor bias;
  double objective = 0;      // mean cross-entropy in nats + l2 / 2 ||W||^2 (the bias is free)
  double gradient_norm = 0;  // Euclidean, at the end
  int64_t iterations = 0;
};

struct SoftmaxOptions {
  double l2 = 1e-3;  // > 0: one minimum, up to a number added to all biases
  int64_t iterations = 500;
  double tolerance = 1e-7;  // of the gradient norm
};

// The minimum by full-batch L-BFGS (Liu & Nocedal 1989) from zero in float64: deterministic.
// x: floating [N, dim], labels: int64 [N] in [0, classes). Throws UsageError for other shapes,
// labels or l2 <= 0, NumericError for features that are not finite.
SoftmaxFit fit_softmax(const at::Tensor& x, const at::Tensor& labels, int64_t classes,
                       const SoftmaxOptions& options = {});

struct ProbeOptions {
  std::vector<double> l2 = {1e-3, 1e-2, 1e-1, 1};  // tried in this order
  double validation_share = 0.2;                   // of the labelled samples
  uint64_t seed = 0;                               // of the split into fit and validation
};

struct ProbeResult {
  double accuracy = 0;  // share of test samples whose class is right
  double l2 = 0;        // the one that did best on the validation part
};

// Fits on labelled samples and judges on others. Features are standardised by the mean and
// deviation of the labelled ones (constant features are only centred); l2 is chosen on a validation
// part, then all labelled samples are used. train: floating [N, dim], test: [M, dim]; labels int64.
// Throws as fit_softmax, and UsageError for fewer than two samples.
ProbeResult linear_probe(const at::Tensor& train, const at::Tensor& train_labels,
                         const at::Tensor& test, const at::Tensor& test_labels, int64_t classes,
                         const ProbeOptions& options = {});

}  // namespace ganymede::metrics
