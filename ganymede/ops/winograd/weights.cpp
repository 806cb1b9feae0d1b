// Transformed weights: G g GT for every pair of channels, in panels that the products read.
#include "ganymede/ops/winograd/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ganymede/ops/winograd/weights.cpp"
#include <hwy/foreach_target.h>

#include "ganymede/ops/winograd/gemm-inl.h"
#include "ganymede/ops/winograd/panels.h"
#include "ganymede/ops/winograd/toom_cook-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ganymede::ops::winograd::HWY_NAMESPACE {

// Where a weight lies: output channel o, summed channel s, tap t at o * lane + s * sum + t.
struct Strides {
  int64_t lane;
  int64_t sum;
  bool flipped;  // taps from last to first
};

// Transforms the weights of kLanes output channels at one summed channel. `taps` are the positions
// of the R x R taps, `lanes` the offsets of the output channels.
template <int M, int R>
HWY_NOINLINE void transform_lanes(const float* weight, const int32_t* lanes, const int* taps,
                                  float* target, int64_t distance) {
  constexpr int kN = M + R - 1;
  const auto index = hn::LoadU(hn::RebindToSigned<D>(), lanes);
  V in[R][R];
  V out[kN][kN];
  GANYMEDE_UNROLL
  for (int a = 0; a < R; ++a) {
    GANYMEDE_UNROLL
    for (int b = 0; b < R; ++b) in[a][b] = hn::GatherIndex(D(), weight + taps[a * R + b], index);
  }
  transform_square<typename ToomCook<M, R>::G>(in, out);
  GANYMEDE_UNROLL
  for (int a = 0; a < kN; ++a) {
    GANYMEDE_UNROLL
    for (int b = 0; b < kN; ++b) store(out[a][b], target + (a * kN + b) * distance);
  }
}

// The same for a phase whose points may belong to another phase's matrix: targets[e] is null there.
template <int M>
HWY_NOINLINE void transform_lanes_to(const float* weight, const int32_t* lanes, const int* taps,
                                     float* const* targets) {
  constexpr int kN = M + 1;
  HWY_ALIGN float points[kN * kN * kLanes];
  transform_lanes<M, 2>(weight, lanes, taps, points, kLanes);
  for (int e = 0; e < kN * kN; ++e) {
    if (targets[e] != nullptr) store(load(points + e * kLanes), targets[e]);
  }
}

// Half a panel of output channels, starting with channel `first` of `outputs`, at the summed
// channel `s`, for all phases. address(e, phase) tells where the lanes go.
template <int M, int R, typename Address>
void transform_half(const Layout<M, R, kLanes>& layout, const Strides& strides, const float* weight,
                    int64_t first, int64_t outputs, int64_t s, const Address& address) {
  using L = Layout<M, R, kLanes>;
  int32_t lanes[kLanes];
  for (int64_t i = 0; i < kLanes; ++i) {  // lanes without a channel repeat the last one
    lanes[i] = static_cast<int32_t>(HWY_MIN(first + i, outputs - 1) * strides.lane);
  }
  const float* source = weight + s * strides.sum;
  int taps[R * R];
  for (int phase = 0; phase < L::kPhases; ++phase) {
    for (int t = 0; t < R * R; ++t) {
      const int wide = (phase / 2 + t / 2 * 2) * 4 + phase % 2 + t % 2 * 2;
      taps[t] = R == 2 ? wide : (strides.flipped ? R * R - 1 - t : t);
    }
    if constexpr (R == 3) {
      transform_lanes<M, 3>(source, lanes, taps, address(0, 0), address(1, 0) - address(0, 0));
    } else {
      float* targets[L::kPoints];
      for (int e = 0; e < L::kPoints; ++e) {
        targets[e] = layout.first_of_slot(e, phase) ? address(e, phase) : nullptr;
      }
      transform_lanes_to<M>(source, lanes, taps, targets);
    }
  }
}

// Output channels in panels, summed channels (with their phases) in blocks of lanes.
template <int M, int R>
void transform_summed_phases(const Problem& problem, const Strides& strides, const float* weight,
                             float* transformed, const Executor& executor) {
  const Layout<M, R, kLanes> layout(problem);
  const ForwardPanels<Layout<M, R, kLanes>> panels(layout);
  executor.each(panels.count * 2, [&](int64_t half) {
    const int64_t first = half * kLanes;
    if (first >= problem.filters) return;
    for (int64_t c = 0; c < problem.channels; ++c) {
      const auto address = [&](int e, int phase) {
        const int64_t block = c / kLanes * layout.phases_at(e) + layout.slot(e, phase);
        return transformed + e * panels.distance + half / 2 * panels.stride +
               (block * kLanes + c % kLanes) * kPanel + half % 2 * kLanes;
      };
      transform_half<M, R>(layout, strides, weight, first, problem.filters, c, address);
    }
  });
}

// Output channels with their phases in panels, summed channels plain: the transposed k4x4.
template <int M>
void transform_output_phases(const Problem& problem, const Strides& strides, const float* weight,
                             float* transformed, const Executor& executor) {
  const Layout<M, 2, kLanes> layout(problem);
  const TransposedPanels<Layout<M, 2, kLanes>> panels(layout);
  executor.each(panels.per_phase * 2, [&](int64_t half) {
    const int64_t first = half * kLanes;
    if (first >= problem.channels) return;
    for (int64_t k = 0; k < problem.filters; ++k) {
      const auto address = [&](int e, int phase) {
        const int64_t panel = layout.slot(e, phase) * panels.per_phase + half / 2;
        return transformed + e * panels.distance + panel * panels.stride + k * kPanel +
               half % 2 * kLanes;
      };
      transform_half<M, 2>(layout, strides, weight, first, problem.channels, k, address);
    }
  });
}

template <int M>
void transform_tile(const Problem& problem, WeightUse use, const float* weight, float* transformed,
                    const Executor& executor) {
  const int64_t taps = problem.kernel() * problem.kernel();
  const Strides forward{problem.channels * taps, taps, false};
  const Strides transposed{taps, problem.channels * taps, true};
  if (problem.strided()) {
    if (use == WeightUse::kForward) {
      transform_summed_phases<M, 2>(problem, forward, weight, transformed, executor);
    } else {
      transform_output_phases<M>(problem, transposed, weight, transformed, executor);
    }
  } else if (use == WeightUse::kForward) {
    transform_summed_phases<M, 3>(problem, forward, weight, transformed, executor);
  } else {
    transform_summed_phases<M, 3>(turned(problem), transposed, weight, transformed, executor);
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
    const Layout<M, 3, kLanes> layout(use == WeightUse::kForward ? problem : turned(problem));
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

const char* vector_target() { return HWY_DYNAMIC_DISPATCH(run_target)(); }
bool is_fast_here() { return HWY_DYNAMIC_DISPATCH(run_is_fast)(); }

}  // namespace ganymede::ops::winograd
#endif
