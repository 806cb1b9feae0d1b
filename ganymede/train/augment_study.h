// Whether generated samples help a classifier: trained on few reals, and on these with generated
// ones beside them, judged on reals that neither has seen.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ganymede/core/progress.h"
#include "ganymede/core/sample.h"

namespace ganymede::train {

struct AugmentStudyConfig {
  int64_t repeats = 3;  // seeds of the classifiers
  double kimg = 20;     // images that each convolutional classifier is shown, with and without
  uint64_t seed = 0;
};

// Accuracies on the test samples, one for each repeat.
struct AugmentStudyRow {
  std::string classifier;  // "linear, pixels" or "convolutional"
  std::vector<double> real, both;
  double mean_real() const;
  double mean_both() const;
  double gain() const { return mean_both() - mean_real(); }
  // Of the difference of the pairs, from their spread; 0 for one repeat.
  double standard_error() const;
};

// The linear probe of metrics/linear_probe.h on pixels and the classifier of metrics/classifier.h,
// each trained on `real` and on `real` with `generated` (same seed, as many images shown). All are
// images of `spec` with labels. Throws UsageError for data that these refuse: fewer than 20 reals,
// fewer than two classes.
std::vector<AugmentStudyRow> augment_study(const SampleSpec& spec, const Batch& real,
                                           const Batch& generated, const Batch& test,
                                           const AugmentStudyConfig& config,
                                           Progress* progress = nullptr);

}  // namespace ganymede::train
