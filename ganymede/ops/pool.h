// Kernels on LibTorch's own pool of threads.
#pragma once

#include "ganymede/ops/kernel/executor.h"

namespace ganymede::ops {

// Uses all threads of the process; one inside of a parallel region.
Executor pool_executor();

}  // namespace ganymede::ops
