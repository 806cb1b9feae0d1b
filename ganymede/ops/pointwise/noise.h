// Passes over noise, free of LibTorch.
#pragma once

#include <cstdint>

#include "ganymede/ops/kernel/executor.h"

namespace ganymede::ops {

// values = -log(-log(max(values, least))): standard Gumbel draws from uniform ones.
void gumbel_in_place(float* values, int64_t count, float least, const Executor& executor);

// kept *= input > 0 ? above : below, element by element.
void scale_by_sign(const float* input, int64_t count, float above, float below, float* kept,
                   const Executor& executor);

}  // namespace ganymede::ops
