// Plain threads for reading many files: LibTorch's own pool belongs to the training step.
#pragma once

#include <cstdint>
#include <functional>

namespace ganymede::data {

// Calls work(i) once for every i in [0, count), in any order, from as many threads as this process
// may use (the caller's among them). After an exception no new work starts; the exception of the
// smallest index that failed is rethrown. Returns when all threads have ended.
void parallel_for_each(int64_t count, const std::function<void(int64_t)>& work);

}  // namespace ganymede::data
