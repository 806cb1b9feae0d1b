// Transformed weights, G g GT for pairs of channels, in panels that the products read. Included
// once per target by Highway, hence the toggled guard.
#if defined(GANYMEDE_OPS_WINOGRAD_WEIGHTS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef GANYMEDE_OPS_WINOGRAD_WEIGHTS_INL_H_
#undef GANYMEDE_OPS_WINOGRAD_WEIGHTS_INL_H_
#else
#define GANYMEDE_OPS_WINOGRAD_WEIGHTS_INL_H_
#endif

#include "ganymede/ops/kernel/cache.h"
#include "ganymede/ops/winograd/gemm-inl.h"
#include "ganymede/ops/winograd/panels.h"
#include "ganymede/ops/winograd/toom_cook-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ganymede::ops::winograd::HWY_NAMESPACE {

// Weights as an operator sees them: tap t of output channel o and summed channel s is
// data[o * output_stride + s * sum_stride + t].
struct WeightView {
  const float* data;
  int64_t outputs;
  int64_t output_stride;
  int64_t sum_stride;
  bool flipped;  // taps from last to first
};

// `problem` is the operator's own, that is turned() for the transposed operator of 3x3 kernels.
inline WeightView weight_view(const Problem& problem, WeightUse use, const float* weight) {
  const int64_t taps = problem.kernel() * problem.kernel();
  if (use == WeightUse::kForward) {
    return {weight, problem.filters, problem.channels * taps, taps, false};
  }
  if (problem.strided()) return {weight, problem.channels, taps, problem.channels * taps, false};
  return {weight, problem.filters, taps, problem.filters * taps, true};
}

// Offsets of the kLanes output channels from `first` on; lanes without a channel repeat the last.
inline void lane_offsets(const WeightView& view, int64_t first, int64_t* offsets) {
  for (int64_t i = 0; i < kLanes; ++i) {
    offsets[i] = HWY_MIN(first + i, view.outputs - 1) * view.output_stride;
  }
}

// taps[t] becomes tap t of the output channels at `offsets`.
template <int kTaps>
HWY_INLINE void load_taps(const float* weight, const int64_t* offsets, V (&taps)[kTaps]) {
  GANYMEDE_UNROLL
  for (int begin = 0; begin < kTaps; begin += kLanes) {
    const int count = HWY_MIN(kLanes, kTaps - begin);
    V r[kLanes];
    GANYMEDE_UNROLL
    for (int i = 0; i < kLanes; ++i) {
      const float* source = weight + offsets[i] + begin;
      r[i] = count == kLanes
                 ? load(source)
                 : hn::MaskedLoad(hn::FirstN(D(), static_cast<size_t>(count)), D(), source);
    }
    transpose(r);
    GANYMEDE_UNROLL
    for (int j = 0; j < count; ++j) taps[begin + j] = r[j];
  }
}

// The transform of one phase of kLanes output channels at one summed channel; targets[e] is where
// point e goes, or null where another phase has it.
template <int M, int R>
HWY_INLINE void transform_taps(const V (&in)[R][R], float* const* targets) {
  constexpr int kN = M + R - 1;
  V out[kN][kN];
  transform_square<typename ToomCook<M, R>::G>(in, out);
  GANYMEDE_UNROLL
  for (int a = 0; a < kN; ++a) {
    GANYMEDE_UNROLL
    for (int b = 0; b < kN; ++b) {
      if (targets[a * kN + b] != nullptr) store(out[a][b], targets[a * kN + b]);
    }
  }
}

template <int M>
HWY_NOINLINE void transform_lanes(const WeightView& view, const float* weight,
                                  const int64_t* offsets, float* const* targets) {
  V taps[9];
  load_taps(weight, offsets, taps);
  V in[3][3];
  GANYMEDE_UNROLL
  for (int t = 0; t < 9; ++t) in[t / 3][t % 3] = view.flipped ? taps[8 - t] : taps[t];
  transform_taps<M, 3>(in, targets);
}

// All four phases; targets[phase * points + e].
template <int M>
HWY_NOINLINE void transform_phases(const float* weight, const int64_t* offsets,
                                   float* const* targets) {
  V taps[16];
  load_taps(weight, offsets, taps);
  GANYMEDE_UNROLL
  for (int phase = 0; phase < 4; ++phase) {
    V in[2][2];
    GANYMEDE_UNROLL
    for (int t = 0; t < 4; ++t) {
      in[t / 2][t % 2] = taps[(phase / 2 + t / 2 * 2) * 4 + phase % 2 + t % 2 * 2];
    }
    transform_taps<M, 2>(in, targets + phase * (M + 1) * (M + 1));
  }
}

// One panel of output channels at the summed channels [begin, end), with phases that are summed.
// Point e starts at target + e * distance; `begin` is the first channel of a block.
template <int M, int R>
void transform_summed_phases(const Layout<M, R, kLanes>& layout, const WeightView& view,
                             int64_t panel, int64_t begin, int64_t end, float* target,
                             int64_t distance) {
  using L = Layout<M, R, kLanes>;
  int64_t offsets[2][kLanes];
  lane_offsets(view, panel * kPanel, offsets[0]);
  lane_offsets(view, panel * kPanel + kLanes, offsets[1]);
  const int halves = view.outputs - panel * kPanel > kLanes ? 2 : 1;
  for (int64_t s = begin; s < end; ++s) {
    const int64_t block = (s - begin) / kLanes;
    float* targets[L::kPhases * L::kPoints];
    for (int half = 0; half < halves; ++half) {
      for (int phase = 0; phase < L::kPhases; ++phase) {
        for (int e = 0; e < L::kPoints; ++e) {
          const int64_t row = (block * layout.phases_at(e) + layout.slot(e, phase)) * kLanes;
          float* to = target + e * distance + (row + s % kLanes) * kPanel + half * kLanes;
          targets[phase * L::kPoints + e] = layout.first_of_slot(e, phase) ? to : nullptr;
        }
      }
      const float* source = view.data + s * view.sum_stride;
      if constexpr (R == 3) {
        transform_lanes<M>(view, source, offsets[half], targets);
      } else {
        transform_phases<M>(source, offsets[half], targets);
      }
    }
  }
}

// The same with phases that are outputs: their matrices lie slot_stride floats apart.
template <int M>
void transform_output_phases(const Layout<M, 2, kLanes>& layout, const WeightView& view,
                             int64_t panel, int64_t begin, int64_t end, float* target,
                             int64_t distance, int64_t slot_stride) {
  using L = Layout<M, 2, kLanes>;
  int64_t offsets[2][kLanes];
  lane_offsets(view, panel * kPanel, offsets[0]);
  lane_offsets(view, panel * kPanel + kLanes, offsets[1]);
  const int halves = view.outputs - panel * kPanel > kLanes ? 2 : 1;
  for (int64_t s = begin; s < end; ++s) {
    float* targets[L::kPhases * L::kPoints];
    for (int half = 0; half < halves; ++half) {
      for (int phase = 0; phase < L::kPhases; ++phase) {
        for (int e = 0; e < L::kPoints; ++e) {
          float* to = target + e * distance + layout.slot(e, phase) * slot_stride +
                      (s - begin) * kPanel + half * kLanes;
          targets[phase * L::kPoints + e] = layout.first_of_slot(e, phase) ? to : nullptr;
        }
      }
      transform_phases<M>(view.data + s * view.sum_stride, offsets[half], targets);
    }
  }
}

// Summed channels whose transformed weights, for one panel and all points, stay in the second
// cache while they are used. The more, the less often products are read and written again; no bit
// of a result depends on it. Measured: 320 of 512 KiB (AVX2), 940 of 1024 KiB (AVX-512, Zen 4).
template <typename Layout>
int64_t channels_at_once(int64_t phases) {
  const int64_t floats = second_cache_bytes() < (1 << 20) ? 80'000 : 240'000;
  const int64_t channels = floats / (Layout::kPoints * phases * kPanel);
  return HWY_MAX(int64_t{1}, channels / kLanes) * kLanes;
}

}  // namespace ganymede::ops::winograd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // GANYMEDE_OPS_WINOGRAD_WEIGHTS_INL_H_
