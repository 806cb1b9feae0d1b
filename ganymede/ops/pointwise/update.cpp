#include "ganymede/ops/pointwise/update.h"

#include <algorithm>
#include <vector>

#include "ganymede/ops/kernel/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ganymede/ops/pointwise/update.cpp"
#include <hwy/foreach_target.h>

#include "ganymede/ops/pointwise/transform-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ganymede::ops::HWY_NAMESPACE {

constexpr int kChains = 4;  // sums at a time, so that none waits for the one before

double squares_of_piece(const float* values, int64_t count) {
  V sums[kChains];
  GANYMEDE_UNROLL
  for (int j = 0; j < kChains; ++j) sums[j] = splat(0);
  constexpr int64_t kStep = int64_t{kChains} * kLanes;
  int64_t at = 0;
  for (; at + kStep <= count; at += kStep) {
    GANYMEDE_UNROLL
    for (int j = 0; j < kChains; ++j) {
      const V x = load(values + at + j * kLanes);
      sums[j] = madd(x, x, sums[j]);
    }
  }
  for (; at < count; at += kLanes) {
    const V x = load(values + at, std::min<int64_t>(kLanes, count - at));
    sums[0] = madd(x, x, sums[0]);
  }
  double total = 0;
  for (int j = 0; j < kChains; ++j) {
    float lanes[kLanes];
    store(sums[j], lanes);
    for (const float lane : lanes) total += static_cast<double>(lane);
  }
  return total;
}

double squares(const float* values, int64_t count, const Executor& executor) {
  std::vector<double> totals(static_cast<size_t>(ceil_div(count, kPiece)));
  executor.each(ceil_div(count, kPiece), [&](int64_t piece) {
    const int64_t begin = piece * kPiece;
    totals[static_cast<size_t>(piece)] =
        squares_of_piece(values + begin, std::min(kPiece, count - begin));
  });
  double total = 0;
  for (const double part : totals) total += part;
  return total;
}

void blend_all(float* averages, const float* values, int64_t count, float toward,
               const Executor& executor) {
  // From the nearer end, so that 0 and 1 give the averages and the values themselves.
  const bool near_values = toward >= 0.5F;
  const float part = near_values ? toward - 1 : toward;
  transform(averages, values, count, executor, [&](V average, V value) {
    return madd(hn::Set(D(), part), hn::Sub(value, average), near_values ? value : average);
  });
}

}  // namespace ganymede::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ganymede::ops {

HWY_EXPORT(squares);
HWY_EXPORT(blend_all);

double sum_of_squares(const float* values, int64_t count, const Executor& executor) {
  return HWY_DYNAMIC_DISPATCH(squares)(values, count, executor);
}

void blend(float* averages, const float* values, int64_t count, float toward,
           const Executor& executor) {
  HWY_DYNAMIC_DISPATCH(blend_all)(averages, values, count, toward, executor);
}

}  // namespace ganymede::ops
#endif
