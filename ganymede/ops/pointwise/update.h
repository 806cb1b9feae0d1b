// Passes over parameters and their gradients, free of LibTorch.
#pragma once

#include <cstdint>

#include "ganymede/ops/kernel/executor.h"

namespace ganymede::ops {

// The sum of the squares of `values`, in double precision from piece to piece: the same for any
// number of threads.
double sum_of_squares(const float* values, int64_t count, const Executor& executor);

// averages += toward (values - averages), element by element; toward in [0, 1].
void blend(float* averages, const float* values, int64_t count, float toward,
           const Executor& executor);

}  // namespace ganymede::ops
