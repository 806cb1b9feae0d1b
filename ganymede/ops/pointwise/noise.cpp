#include "ganymede/ops/pointwise/noise.h"

#include <algorithm>

#include "ganymede/ops/winograd/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ganymede/ops/pointwise/noise.cpp"
// clang-format off: foreach_target.h stands before all else of Highway
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
#include <hwy/contrib/math/math-inl.h>
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace ganymede::ops::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using D = hn::CappedTag<float, 16>;
using V = hn::Vec<D>;
constexpr auto kLanes = static_cast<int64_t>(hn::MaxLanes(D()));
constexpr int64_t kPiece = 8192;  // elements; a multiple of every vector

// values[i] = f(values[i], beside[i]), by vectors; the last, shorter one through a buffer.
template <typename F>
void transform(float* values, const float* beside, int64_t count, const Executor& executor, F&& f) {
  executor.each((count + kPiece - 1) / kPiece, [&](int64_t piece) {
    const int64_t end = std::min(count, (piece + 1) * kPiece);
    int64_t at = piece * kPiece;
    for (; at + kLanes <= end; at += kLanes) {
      const V result = f(hn::LoadU(D(), values + at), hn::LoadU(D(), beside + at));
      hn::StoreU(result, D(), values + at);
    }
    if (at == end) return;
    float own[kLanes] = {}, other[kLanes] = {};
    std::copy(values + at, values + end, own);
    std::copy(beside + at, beside + end, other);
    hn::StoreU(f(hn::LoadU(D(), own), hn::LoadU(D(), other)), D(), own);
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
