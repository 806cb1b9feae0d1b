#include "ganymede/metrics/interval.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "ganymede/core/error.h"
#include "ganymede/core/random.h"

namespace ganymede::metrics {
namespace {

constexpr const char* kWhere = "metrics::bootstrap_interval";

double quantile(const std::vector<double>& sorted, double share) {
  const double place = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(place);
  const size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (place - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

}  // namespace

Interval bootstrap_interval(int64_t count, int64_t rounds, uint64_t seed,
                            const std::function<double(const at::Tensor& indices)>& value,
                            double level) {
  if (count < 1 || rounds < 2 || !(level > 0 && level < 1)) {
    throw UsageError({.where = kWhere,
                      .found = "no samples, fewer than two rounds, or a level outside (0, 1)",
                      .allowed = "1 sample or more, 2 rounds or more, 0 < level < 1"});
  }
  const Stream random(seed, "bootstrap interval");
  std::vector<double> values;
  values.reserve(static_cast<size_t>(rounds));
  for (int64_t round = 0; round < rounds; ++round) {
    Stream draws = random.at(static_cast<uint64_t>(round));
    values.push_back(value(draws.integers({count}, 0, count)));
    if (std::isnan(values.back())) {
      throw NumericError({.where = kWhere,
                          .found = "a value that is not a number",
                          .allowed = "a value that is defined for repeated samples"});
    }
  }
  std::sort(values.begin(), values.end());
  return {.low = quantile(values, (1 - level) / 2), .high = quantile(values, (1 + level) / 2)};
}

}  // namespace ganymede::metrics
