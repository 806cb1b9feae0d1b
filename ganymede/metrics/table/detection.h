// Whether a simple classifier tells generated rows from real ones: sdmetrics' LogisticDetection.
#pragma once

#include <cstdint>
#include <vector>

#include "ganymede/metrics/table/columns.h"

namespace ganymede::metrics {

struct Detection {
  double auc = 0;    // mean over the folds: 0.5 cannot tell, 1 always tells
  double score = 0;  // 1 - mean of (2 max(auc, 0.5) - 1), as sdmetrics reports it
};

// Columns as features (missing numbers by the mean of the reals, categories one-hot by those of the
// reals), RobustScaler, then logistic regression with half the squared weights added to the summed
// loss, in cross-validation: `real_folds` and `synthetic_folds` say for every row in which of the
// folds 0, 1, ... it is tested.
Detection detection(const PlainTable& real, const PlainTable& synthetic,
                    const std::vector<int>& real_folds, const std::vector<int>& synthetic_folds);

// The same with three folds drawn from `seed`.
Detection detection(const PlainTable& real, const PlainTable& synthetic, uint64_t seed);

}  // namespace ganymede::metrics
