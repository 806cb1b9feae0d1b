// A pass over values in pieces. Included once per target by Highway, hence the toggled guard.
#if defined(GANYMEDE_OPS_POINTWISE_TRANSFORM_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef GANYMEDE_OPS_POINTWISE_TRANSFORM_INL_H_
#undef GANYMEDE_OPS_POINTWISE_TRANSFORM_INL_H_
#else
#define GANYMEDE_OPS_POINTWISE_TRANSFORM_INL_H_
#endif

#include <algorithm>

#include "ganymede/ops/kernel/ceil_div.h"
#include "ganymede/ops/kernel/executor.h"
#include "ganymede/ops/kernel/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ganymede::ops::HWY_NAMESPACE {

using namespace kernel::HWY_NAMESPACE;

constexpr int64_t kPiece = 8192;  // elements; a multiple of every vector

// values[i] = f(values[i], beside[i]).
template <typename F>
void transform(float* values, const float* beside, int64_t count, const Executor& executor, F&& f) {
  executor.each(ceil_div(count, kPiece), [&](int64_t piece) {
    const int64_t end = std::min(count, (piece + 1) * kPiece);
    for (int64_t at = piece * kPiece; at < end; at += kLanes) {
      const int64_t some = std::min<int64_t>(kLanes, end - at);
      store(f(load(values + at, some), load(beside + at, some)), values + at, some);
    }
  });
}

}  // namespace ganymede::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // GANYMEDE_OPS_POINTWISE_TRANSFORM_INL_H_
