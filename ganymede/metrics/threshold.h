// Keeping samples by a score, judged on reals that the judge has not seen.
#pragma once

#include <vector>

namespace ganymede::metrics {

// The value below which the share `q` in [0, 1] of `values` lies, interpolated linearly (numpy's
// default). Throws UsageError for no values or q outside [0, 1].
double quantile(std::vector<double> values, double q);

// Share of `values` that are at least `threshold`; 0 for none.
double share_at_least(const std::vector<double>& values, double threshold);

}  // namespace ganymede::metrics
