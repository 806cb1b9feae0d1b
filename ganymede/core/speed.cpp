#include "ganymede/core/speed.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <ctime>
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
constexpr double kStreamSeconds = 0.1;

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

double thread_cpu_seconds() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

void on_threads(int threads, const std::function<void(size_t)>& work) {
  std::vector<std::thread> others;
  for (int i = 1; i < threads; ++i) others.emplace_back(work, static_cast<size_t>(i));
  work(0);
  for (std::thread& other : others) other.join();
}

}  // namespace

double peak_gflops(int threads) {
  const FmaKernel kernel = widest();
  volatile float factor = 0.999F, addend = 0.001F;  // unknown to the compiler
  std::vector<double> seconds(static_cast<size_t>(threads), 0);
  std::vector<float> results(seconds.size());
  const double flop = 2.0 * kAccumulators * kernel.lanes * static_cast<double>(kFmaRounds);
  double best = 0;
  for (int trial = 0; trial < kTrials; ++trial) {
    on_threads(threads, [&](size_t thread) {
      const double begin = thread_cpu_seconds();
      results[thread] = kernel.run(factor, addend);
      seconds[thread] = thread_cpu_seconds() - begin;
    });
    double rate = 0;
    for (const double time : seconds) rate += flop / time;
    best = std::max(best, rate);
  }
  return best * 1e-9;
}

double memory_gbytes_per_s(int threads) {
  const size_t share = kStreamFloats / static_cast<size_t>(threads);
  std::vector<std::vector<float>> from(static_cast<size_t>(threads)), to(from.size());
  for (size_t i = 0; i < from.size(); ++i) {
    from[i].assign(share, 1.0F);
    to[i].assign(share, 0.0F);
  }
  const double gigabytes =
      3e-9 * sizeof(float) * static_cast<double>(share) * kStreamPasses * threads;
  return best_rate(gigabytes, kStreamSeconds, [&] {
    on_threads(threads, [&](size_t thread) {
      float* target = to[thread].data();
      const float* source = from[thread].data();
      for (int pass = 0; pass < kStreamPasses; ++pass) {
        for (size_t k = 0; k < share; ++k) target[k] += source[k];
      }
    });
  });
}

double best_rate(double amount, double seconds, const std::function<void()>& work) {
  work();
  double best = 0;
  const auto start = Clock::now();
  std::chrono::duration<double> passed{};
  for (int calls = 0; calls < 2 || passed.count() < seconds; ++calls) {
    const auto begin = Clock::now();
    work();
    const std::chrono::duration<double> elapsed = Clock::now() - begin;
    best = std::max(best, amount / elapsed.count());
    passed = Clock::now() - start;
  }
  return best;
}

}  // namespace ganymede
