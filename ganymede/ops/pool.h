// Kernels on LibTorch's own pool of threads.
#pragma once

#include <cstdint>

#include "ganymede/ops/kernel/executor.h"

namespace ganymede::ops {

// Uses all threads of the process; one inside of a parallel region.
Executor pool_executor();

// The same for a pass over so many values, but the caller's thread alone where waking others would
// take longer than the work.
Executor pool_executor_for(int64_t values);

}  // namespace ganymede::ops
