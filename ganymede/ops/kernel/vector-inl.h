// Vectors of the target that is being compiled, for every kernel. Included once per target by
// Highway, hence the toggled guard.
#if defined(GANYMEDE_OPS_KERNEL_VECTOR_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef GANYMEDE_OPS_KERNEL_VECTOR_INL_H_
#undef GANYMEDE_OPS_KERNEL_VECTOR_INL_H_
#else
#define GANYMEDE_OPS_KERNEL_VECTOR_INL_H_
#endif

#include <hwy/highway.h>

#include <cstdint>
#include <cstring>

HWY_BEFORE_NAMESPACE();
namespace ganymede::ops::kernel::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using D = hn::CappedTag<float, 16>;
using V = hn::Vec<D>;
constexpr int kLanes = static_cast<int>(hn::MaxLanes(D()));

// Innermost loops run over small constants and hold their values in registers.
#define GANYMEDE_UNROLL HWY_UNROLL(16)

HWY_INLINE V load(const float* p) { return hn::LoadU(D(), p); }
HWY_INLINE void store(V v, float* p) { hn::StoreU(v, D(), p); }
// The first `count` of a vector, up to kLanes; the rest is 0, and nothing behind them is touched.
HWY_INLINE V load(const float* p, int64_t count) {
  if (count == kLanes) return load(p);
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX2
  return hn::MaskedLoad(hn::FirstN(D(), static_cast<size_t>(count)), D(), p);
#else
  float buffer[kLanes] = {};
  std::memcpy(buffer, p, static_cast<size_t>(count) * sizeof(float));
  return load(buffer);
#endif
}

HWY_INLINE void store(V v, float* p, int64_t count) {
  if (count == kLanes) return store(v, p);
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX2
  hn::BlendedStore(v, hn::FirstN(D(), static_cast<size_t>(count)), D(), p);
#else
  float buffer[kLanes];
  store(v, buffer);
  std::memcpy(p, buffer, static_cast<size_t>(count) * sizeof(float));
#endif
}

HWY_INLINE V splat(double value) { return hn::Set(D(), static_cast<float>(value)); }
HWY_INLINE V madd(V a, V b, V c) { return hn::MulAdd(a, b, c); }      // a b + c
HWY_INLINE V nmadd(V a, V b, V c) { return hn::NegMulAdd(a, b, c); }  // c - a b

// Transposes the 4x4 blocks on the diagonal of every group of four rows: row 4g+j, block b becomes
// lane j of block b of rows 4g..4g+3.
HWY_INLINE void transpose_blocks([[maybe_unused]] V* r) {
#if HWY_TARGET != HWY_SCALAR
  GANYMEDE_UNROLL
  for (int g = 0; g < kLanes; g += 4) {
    const V a = hn::InterleaveLower(D(), r[g], r[g + 2]);
    const V b = hn::InterleaveUpper(D(), r[g], r[g + 2]);
    const V c = hn::InterleaveLower(D(), r[g + 1], r[g + 3]);
    const V d = hn::InterleaveUpper(D(), r[g + 1], r[g + 3]);
    r[g] = hn::InterleaveLower(D(), a, c);
    r[g + 1] = hn::InterleaveUpper(D(), a, c);
    r[g + 2] = hn::InterleaveLower(D(), b, d);
    r[g + 3] = hn::InterleaveUpper(D(), b, d);
  }
#endif
}

// Transposes a square of kLanes x kLanes values.
HWY_INLINE void transpose(V* r) {
  transpose_blocks(r);
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3
  V t[kLanes];
  GANYMEDE_UNROLL
  for (int i = 0; i < kLanes; ++i) t[i] = r[i];
#endif
#if HWY_TARGET == HWY_AVX2
  GANYMEDE_UNROLL
  for (int j = 0; j < 4; ++j) {
    r[j] = hn::ConcatLowerLower(D(), t[4 + j], t[j]);
    r[4 + j] = hn::ConcatUpperUpper(D(), t[4 + j], t[j]);
  }
#elif HWY_TARGET == HWY_AVX3
  GANYMEDE_UNROLL
  for (int j = 0; j < 4; ++j) {
    const V even01 = hn::OddEvenBlocks(hn::SwapAdjacentBlocks(t[4 + j]), t[j]);
    const V odd01 = hn::OddEvenBlocks(t[4 + j], hn::SwapAdjacentBlocks(t[j]));
    const V even23 = hn::OddEvenBlocks(hn::SwapAdjacentBlocks(t[12 + j]), t[8 + j]);
    const V odd23 = hn::OddEvenBlocks(t[12 + j], hn::SwapAdjacentBlocks(t[8 + j]));
    r[j] = hn::ConcatLowerLower(D(), even23, even01);
    r[4 + j] = hn::ConcatLowerLower(D(), odd23, odd01);
    r[8 + j] = hn::ConcatUpperUpper(D(), even23, even01);
    r[12 + j] = hn::ConcatUpperUpper(D(), odd23, odd01);
  }
#else
  static_assert(kLanes == 4 || kLanes == 1,
                "a vector of another width needs its own transposition");
#endif
}

}  // namespace ganymede::ops::kernel::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // GANYMEDE_OPS_KERNEL_VECTOR_INL_H_
