#include "ganymede/ops/pointwise/noise.h"

#include <algorithm>

#include "ganymede/ops/winograd/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ganymede/ops/pointwise/noise.cpp"
// clang-format off: foreach_target.h stands before all else of Highway
#include <hwy/foreach_target.h>
#include <hwy/contrib/math/math-inl.h>
// clang-format on

#include "ganymede/ops/winograd/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ganymede::ops::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using winograd::HWY_NAMESPACE::D;
using winograd::HWY_NAMESPACE::kLanes;
using winograd::HWY_NAMESPACE::load;
using winograd::HWY_NAMESPACE::store;
using winograd::HWY_NAMESPACE::V;

constexpr int64_t kPiece = 8192;  // elements; a multiple of every vector

// values[i] = f(values[i], beside[i]), by vectors; the last, shorter one through a buffer.
template <typename F>
void transform(float* values, const float* beside, int64_t count, const Executor& executor, F&& f) {
  executor.each((count + kPiece - 1) / kPiece, [&](int64_t piece) {
    const int64_t end = std::min(count, (piece + 1) * kPiece);
    int64_t at = piece * kPiece;
    for (; at + kLanes <= end; at += kLanes)
      store(f(load(values + at), load(beside + at)), values + at);
    if (at == end) return;
    float own[kLanes] = {}, other[kLanes] = {};
    std::copy(values + at, values + end, own);
    std::copy(beside + at, beside + end, other);
    store(f(load(own), load(other)), own);
    std::copy_n(own, end - at, values + at);
  });
}

void gumbel(float* values, int64_t count, float least, const Executor& executor) {
  transform(values, values, count, executor, [&](V u, V) {
    const D d;
    const V exponential = hn::Neg(hn::Log(d, hn::Max(u, hn::Set(d, least))));
    return hn::Neg(hn::Log(d, exponential));
  });
}

void scale(const float* input, int64_t count, float above, float below, float* kept,
           const Executor& executor) {
  transform(kept, input, count, executor, [&](V factor, V x) {
    const D d;
    const V scaled = hn::IfThenElse(hn::Gt(x, hn::Zero(d)), hn::Set(d, above), hn::Set(d, below));
    return hn::Mul(factor, scaled);
  });
}

}  // namespace ganymede::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ganymede::ops {

HWY_EXPORT(gumbel);
HWY_EXPORT(scale);

void gumbel_in_place(float* values, int64_t count, float least, const Executor& executor) {
  HWY_DYNAMIC_DISPATCH(gumbel)(values, count, least, executor);
}

void scale_by_sign(const float* input, int64_t count, float above, float below, float* kept,
                   const Executor& executor) {
  HWY_DYNAMIC_DISPATCH(scale)(input, count, above, below, kept, executor);
}

}  // namespace ganymede::ops
#endif
