// Transformed weights as a whole, for keeping.
#include "ganymede/ops/kernel/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ganymede/ops/winograd/weights.cpp"
#include <hwy/foreach_target.h>

#include "ganymede/ops/winograd/weights-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ganymede::ops::winograd::HWY_NAMESPACE {

template <int M, int R>
void transform_for_forward(const Problem& problem, WeightUse use, const float* weight,
                           float* transformed, const Executor& executor) {
  using L = Layout<M, R, kLanes>;
  const L layout(problem);
  const ForwardPanels<L> panels(layout);
  const WeightView view = weight_view(problem, use, weight);
  executor.each(panels.count, [&](int64_t panel) {
    transform_summed_phases<M, R>(layout, view, panel, 0, problem.channels,
                                  transformed + panel * panels.stride, panels.distance);
  });
}

template <int M>
void transform_for_transposed(const Problem& problem, const float* weight, float* transformed,
                              const Executor& executor) {
  using L = Layout<M, 2, kLanes>;
  const L layout(problem);
  const TransposedPanels<L> panels(layout);
  const WeightView view = weight_view(problem, WeightUse::kTransposed, weight);
  executor.each(panels.per_phase, [&](int64_t panel) {
    transform_output_phases<M>(layout, view, panel, 0, problem.filters,
                               transformed + panel * panels.stride, panels.distance,
                               panels.per_phase * panels.stride);
  });
}

template <int M>
void transform_tile(const Problem& problem, WeightUse use, const float* weight, float* transformed,
                    const Executor& executor) {
  if (!problem.strided()) {
    transform_for_forward<M, 3>(own_problem(problem, use), use, weight, transformed, executor);
  } else if (use == WeightUse::kForward) {
    transform_for_forward<M, 2>(problem, use, weight, transformed, executor);
  } else {
    transform_for_transposed<M>(problem, weight, transformed, executor);
  }
}

void run_transform(const Problem& problem, WeightUse use, const float* weight, float* transformed,
                   const Executor& executor) {
  if (problem.tile == 4) {
    transform_tile<4>(problem, use, weight, transformed, executor);
  } else {
    transform_tile<2>(problem, use, weight, transformed, executor);
  }
}

template <int M>
size_t size_of(const Problem& problem, WeightUse use) {
  if (!problem.strided()) {
    const Layout<M, 3, kLanes> layout(own_problem(problem, use));
    return ForwardPanels<Layout<M, 3, kLanes>>(layout).size();
  }
  const Layout<M, 2, kLanes> layout(problem);
  return use == WeightUse::kForward ? ForwardPanels<Layout<M, 2, kLanes>>(layout).size()
                                    : TransposedPanels<Layout<M, 2, kLanes>>(layout).size();
}

size_t run_size(const Problem& problem, WeightUse use) {
  return problem.tile == 4 ? size_of<4>(problem, use) : size_of<2>(problem, use);
}

const char* run_target() { return hwy::TargetName(HWY_TARGET); }
bool run_is_fast() { return kLanes >= 8 || HWY_TARGET == HWY_NEON; }

}  // namespace ganymede::ops::winograd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ganymede::ops::winograd {

HWY_EXPORT(run_transform);
HWY_EXPORT(run_size);
HWY_EXPORT(run_target);
HWY_EXPORT(run_is_fast);

void transform_weights(const Problem& problem, WeightUse use, const float* weight,
                       float* transformed, const Executor& executor) {
  HWY_DYNAMIC_DISPATCH(run_transform)(problem, use, weight, transformed, executor);
}

size_t transformed_size(const Problem& problem, WeightUse use) {
  return HWY_DYNAMIC_DISPATCH(run_size)(problem, use);
}

bool worth_keeping(const Problem& problem, WeightUse use) {
  constexpr size_t kMostFloats = 4'500'000;
  return transformed_size(problem, use) <= kMostFloats;
}

const char* vector_target() { return HWY_DYNAMIC_DISPATCH(run_target)(); }
bool is_fast_here() { return HWY_DYNAMIC_DISPATCH(run_is_fast)(); }

}  // namespace ganymede::ops::winograd
#endif
