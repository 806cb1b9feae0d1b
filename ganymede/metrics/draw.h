// Keyed draws of samples for metrics that look at subsets.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string_view>

namespace ganymede::metrics {

// `size` different numbers of [0, count), int64 [size], a function of the arguments alone: the
// first `size` of a keyed permutation. UsageError unless 1 <= size <= count.
at::Tensor draw_without_replacement(int64_t count, int64_t size, uint64_t seed,
                                    std::string_view purpose, uint64_t round);

}  // namespace ganymede::metrics
