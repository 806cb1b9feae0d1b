#include "ganymede/core/speed.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <thread>
#include <vector>

namespace ganymede {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kTrials = 5;
constexpr int64_t kFmaRounds = 2'000'000;
constexpr int kAccumulators =
    12;  // covers latency x ports, and fits 16 registers with two operands
constexpr size_t kStreamFloats = size_t{8} << 20;  // of each array, all threads together
constexpr int kStreamPasses = 4;

template <typename Vector>
[[gnu::always_inline]] inline float multiply_add(float factor, float addend) {
  Vector sums[kAccumulators];
  const Vector a = Vector{} + factor, b = Vector{} + addend;
  for (Vector& sum : sums) sum = a;
  for (int64_t round = 0; round < kFmaRounds; ++round) {
#pragma GCC unroll 12
    for (Vector& sum : sums) sum = sum * a + b;
  }
  Vector total{};
  for (const Vector& sum : sums) total += sum;
  return total[0];
}

using Vector4 = float __attribute__((vector_size(16)));
float run4(float factor, float addend) { return multiply_add<Vector4>(factor, addend); }

struct FmaKernel {
  int lanes;
  float (*run)(float, float);
};

#if defined(__x86_64__)
using Vector8 = float __attribute__((vector_size(32)));
using Vector16 = float __attribute__((vector_size(64)));
[[gnu::target("avx2,fma")]] float run8(float factor, float addend) {
  return multiply_add<Vector8>(factor, addend);
}
[[gnu::target("avx512f,fma")]] float run16(float factor, float addend) {
  return multiply_add<Vector16>(factor, addend);
}
FmaKernel widest() {
  if (__builtin_cpu_supports("avx512f") != 0) return {16, run16};
  if (__builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0) return {8, run8};
  return {4, run4};
}
#else
FmaKernel widest() { return {4, run4}; }
#endif

// Seconds until all threads have done `work`, best of the trials.
double best_seconds(int threads, const std::function<void(int)>& work) {
  double best = 0;
  for (int trial = 0; trial < kTrials; ++trial) {
    const auto begin = Clock::now();
    std::vector<std::thread> others;
    for (int i = 1; i < threads; ++i) others.emplace_back(work, i);
    work(0);
    for (std::thread& other : others) other.join();
    const std::chrono::duration<double> elapsed = Clock::now() - begin;
    if (trial == 0 || elapsed.count() < best) best = elapsed.count();
  }
  return best;
}

}  // namespace

double peak_gflops(int threads) {
  const FmaKernel kernel = widest();
  volatile float factor = 0.999F, addend = 0.001F, sink = 0;  // unknown to the compiler
  const double seconds = best_seconds(threads, [&](int thread) {
    const float result = kernel.run(factor, addend);
    if (thread == 0) sink = result;
  });
  const double flop = 2.0 * kAccumulators * kernel.lanes * static_cast<double>(kFmaRounds);
  return flop * threads / seconds * 1e-9;
}

double memory_gbytes_per_s(int threads) {
  const size_t share = kStreamFloats / static_cast<size_t>(threads);
  std::vector<std::vector<float>> from(static_cast<size_t>(threads)), to(from.size());
  for (size_t i = 0; i < from.size(); ++i) {
    from[i].assign(share, 1.0F);
    to[i].assign(share, 0.0F);
  }
  const double seconds = best_seconds(threads, [&](int thread) {
    const auto i = static_cast<size_t>(thread);
    float* target = to[i].data();
    const float* source = from[i].data();
    for (int pass = 0; pass < kStreamPasses; ++pass) {
      for (size_t k = 0; k < share; ++k) target[k] += source[k];
    }
  });
  const double bytes = 3.0 * sizeof(float) * static_cast<double>(share) * kStreamPasses * threads;
  return bytes / seconds * 1e-9;
}

}  // namespace ganymede
