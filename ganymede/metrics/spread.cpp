#include "ganymede/metrics/spread.h"

#include <cmath>

namespace ganymede::metrics {

Spread spread_of(const std::vector<double>& values) {
  Spread spread;
  const auto n = static_cast<double>(values.size());
  for (const double v : values) spread.mean += v / n;
  double squares = 0;
  for (const double v : values) squares += (v - spread.mean) * (v - spread.mean);
  spread.sd = std::sqrt(squares / n);
  return spread;
}

}  // namespace ganymede::metrics
