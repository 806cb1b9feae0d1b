// Kernels on LibTorch's own pool of threads.
#pragma once

#include "ganymede/ops/kernel/executor.h"

namespace ganymede::ops {

// Uses all threads of the process; one inside of a parallel region.
Executor pool_executor();
// The caller's thread alone: for work that is smaller than waking another thread.
Executor inline_executor();

}  // namespace ganymede::ops
