// Mean and deviation of a few figures.
#pragma once

#include <vector>

namespace ganymede::metrics {

struct Spread {
  double mean = 0;
  double sd = 0;  // over N, not N - 1
};

// values: at least one.
Spread spread_of(const std::vector<double>& values);

}  // namespace ganymede::metrics
