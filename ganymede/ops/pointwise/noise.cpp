#include "ganymede/ops/pointwise/noise.h"

#include "ganymede/ops/kernel/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ganymede/ops/pointwise/noise.cpp"
// clang-format off: foreach_target.h stands before all else of Highway
#include <hwy/foreach_target.h>
#include <hwy/contrib/math/math-inl.h>
// clang-format on

#include "ganymede/ops/pointwise/transform-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ganymede::ops::HWY_NAMESPACE {

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
