#include "ganymede/ops/pool.h"

#include <ATen/Parallel.h>

namespace ganymede::ops {
namespace {

void run_pieces(int64_t count, Executor::Body body, void* context) {
  at::parallel_for(0, count, 1, [&](int64_t begin, int64_t end) { body(context, begin, end); });
}

}  // namespace

Executor pool_executor() {
  return {run_pieces, at::in_parallel_region() ? 1 : at::get_num_threads()};
}

Executor pool_executor_for(int64_t values) {
  constexpr int64_t kWorthThreads = 1 << 15;
  return values < kWorthThreads ? inline_executor() : pool_executor();
}

}  // namespace ganymede::ops
