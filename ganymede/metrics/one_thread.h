// Work that is shared among threads but whose rounding does not depend on their number.
#pragma once

#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cstdint>

namespace ganymede::metrics {

// Calls work(i) once for every i in [0, count), in any order, from LibTorch's threads. Inside a
// parallel region matrix products and sums stay on the thread that calls them, so every work(i)
// computes the same bits for any number of threads (MKL's LAPACK does not: it asks how many there
// are). The empty second place of a single piece of work keeps it inside such a region.
template <typename Work>
void each_on_one_thread(int64_t count, const Work& work) {
  at::parallel_for(0, std::max<int64_t>(count, 2), 1, [&](int64_t begin, int64_t end) {
    const at::NoGradGuard no_grad;
    for (int64_t i = begin; i < std::min(end, count); ++i) work(i);
  });
}

template <typename Work>
void on_one_thread(const Work& work) {
  each_on_one_thread(1, [&](int64_t) { work(); });
}

}  // namespace ganymede::metrics
