#include "ganymede/ops/pointwise/update.h"

#include <algorithm>
#include <vector>

#include "ganymede/ops/kernel/ceil_div.h"
#include "ganymede/ops/kernel/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ganymede/ops/pointwise/update.cpp"
#include <hwy/foreach_target.h>

#include "ganymede/ops/kernel/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ganymede::ops::HWY_NAMESPACE {

using namespace kernel::HWY_NAMESPACE;

constexpr int64_t kPiece = 8192;  // elements; a multiple of every vector
constexpr int kChains = 4;        // sums at a time, so that none waits for the one before

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
  executor.each(ceil_div(count, kPiece), [&](int64_t piece) {
    const int64_t end = std::min(count, (piece + 1) * kPiece);
    // From the nearer end, so that 0 and 1 give the averages and the values themselves.
    const bool near_values = toward >= 0.5F;
    const V part = hn::Set(D(), near_values ? toward - 1 : toward);
    for (int64_t at = piece * kPiece; at < end; at += kLanes) {
      const int64_t some = std::min<int64_t>(kLanes, end - at);
      const V average = load(averages + at, some);
      const V value = load(values + at, some);
      const V blended = madd(part, hn::Sub(value, average), near_values ? value : average);
      store(blended, averages + at, some);
    }
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
