// What the processor can do at best, measured: the roofs that a workload's speed is held against.
#pragma once

#include <functional>

namespace ganymede {

// GFLOP/s (float32, a fused multiply-add counts 2) of independent multiply-adds in registers, on
// `threads` threads at once with the widest vectors of this CPU; best of several trials, about
// 0.15 s. By the CPU time of each thread, so that it says what the cores can do where others use
// them too.
double peak_gflops(int threads);

// GB/s (1e9 bytes) that `threads` threads read and write together while adding one array of 32 MiB
// to another; best of several trials, about 0.1 s.
double memory_gbytes_per_s(int threads);

// Best rate of `work`, in units of `amount` per second (an amount in GFLOP gives GFLOP/s), over at
// least `seconds` and two calls after a first one that warms up.
double best_rate(double amount, double seconds, const std::function<void()>& work);

}  // namespace ganymede
