// What every metric on features asks of its inputs.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>

namespace ganymede::metrics {

// `features` on the CPU, contiguous, detached, float64 if it was, else float32. Throws UsageError
// naming `where` unless it is floating [N, D] with D >= 1 and N >= least, NumericError naming the
// first sample with a NaN or infinity; samples are counted from `first`.
at::Tensor checked_features(const at::Tensor& features, const std::string& where, int64_t least = 1,
                            int64_t first = 0);

// UsageError unless both have the same number of features.
void check_same_dim(const at::Tensor& a, const at::Tensor& b, const std::string& where);

}  // namespace ganymede::metrics
