#include "ganymede/metrics/threshold.h"

#include <algorithm>
#include <cmath>

#include "ganymede/core/error.h"

namespace ganymede::metrics {

double quantile(std::vector<double> values, double q) {
  if (values.empty() || !(q >= 0 && q <= 1)) {
    throw UsageError({.where = "quantile",
                      .found = values.empty() ? "no values" : "the share " + std::to_string(q),
                      .allowed = "one or more values and a share of 0 to 1"});
  }
  std::ranges::sort(values);
  const double position = q * static_cast<double>(values.size() - 1);
  const auto below = static_cast<size_t>(std::floor(position));
  const size_t above = std::min(below + 1, values.size() - 1);
  const double share = position - static_cast<double>(below);
  return values[below] + share * (values[above] - values[below]);
}

double share_at_least(const std::vector<double>& values, double threshold) {
  if (values.empty()) return 0;
  const auto passing = std::ranges::count_if(values, [&](double v) { return v >= threshold; });
  return static_cast<double>(passing) / static_cast<double>(values.size());
}

}  // namespace ganymede::metrics
