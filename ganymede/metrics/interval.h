// Intervals for values of a set of samples, by drawing the samples again.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>

namespace ganymede::metrics {

struct Interval {
  double low = 0;
  double high = 0;
};

// Percentile bootstrap (Efron 1979): `rounds` times `count` samples are drawn with replacement
// (indices: int64 [count]), and the interval leaves (1 - level) / 2 of the values below and above
// it, interpolated linearly between values. A value that changes when samples repeat (those of
// nearest neighbours within the drawn set) needs another interval. UsageError unless count >= 1,
// rounds >= 2 and 0 < level < 1; NumericError when a value is NaN.
Interval bootstrap_interval(int64_t count, int64_t rounds, uint64_t seed,
                            const std::function<double(const at::Tensor& indices)>& value,
                            double level = 0.95);

}  // namespace ganymede::metrics
