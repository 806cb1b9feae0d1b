// Judging scores that should be higher for one of two classes.
#pragma once

#include <vector>

namespace ganymede::metrics {

// Probability that a positive scores above a negative, ties counted half (Mann and Whitney 1947);
// NaN where a class is empty.
double roc_auc(const std::vector<double>& positives, const std::vector<double>& negatives);

// The largest share of positives above a threshold that no more than `false_positive_rate` of the
// negatives pass (Carlini et al. 2022, arXiv 2112.03570, sec. III); NaN where a class is empty.
double true_positive_rate(const std::vector<double>& positives,
                          const std::vector<double>& negatives, double false_positive_rate);

}  // namespace ganymede::metrics
