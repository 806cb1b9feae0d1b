// Train on synthetic, test on real (Esteban et al. 2017, arXiv 1706.02633): what generated rows are
// worth to a learner.
#pragma once

#include <string>

#include "ganymede/metrics/table/columns.h"

namespace ganymede::metrics {

struct Efficacy {
  std::string figure;    // "AUC" (two categories), "accuracy" (more), "R2" (numbers)
  double synthetic = 0;  // of the learner trained on generated rows
  double real = 0;       // of the one trained on real rows
};

// Predicts column `target` from all others in the real rows of `test` with gradient boosted trees
// (one against the rest beyond two categories). Rows without a target are left out. NaN where the
// training rows know only one target value. Throws UsageError for an unknown column.
Efficacy efficacy(const PlainTable& real, const PlainTable& synthetic, const PlainTable& test,
                  const std::string& target);

// What is predicted when nobody chooses: the last column with two to twenty categories, or else
// the last column.
std::string default_target(const PlainTable& table);

}  // namespace ganymede::metrics
