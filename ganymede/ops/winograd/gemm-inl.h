// The products of one evaluation point: small matrices times panels of transformed weights.
// Included once per target by Highway, hence the toggled guard.
#if defined(GANYMEDE_OPS_WINOGRAD_GEMM_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef GANYMEDE_OPS_WINOGRAD_GEMM_INL_H_
#undef GANYMEDE_OPS_WINOGRAD_GEMM_INL_H_
#else
#define GANYMEDE_OPS_WINOGRAD_GEMM_INL_H_
#endif

#include <hwy/cache_control.h>

#include "ganymede/ops/kernel/vector-inl.h"
#include "ganymede/ops/winograd/layout.h"

HWY_BEFORE_NAMESPACE();
namespace ganymede::ops::winograd::HWY_NAMESPACE {

using namespace kernel::HWY_NAMESPACE;

constexpr int kVectorRegisters = HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_NEON ? 32 : 16;
constexpr int kRows = kVectorRegisters == 32 ? 12 : 6;  // tiles per micro-kernel
// Tiles are padded to a multiple of this; what the padding holds is computed and never read.
constexpr int64_t kTileUnit = kRows == 12 ? 4 : 2;
constexpr int64_t kPanel = 2 * kLanes;
// Blocks of the summed dimension that are multiplied at once: 16 KiB of a panel stay in L1.
constexpr int64_t kDepth = HWY_MAX(1, 16384 / (kPanel * kLanes * 4));

// out[tile][kPanel] (+)= in[block][tile][kLanes] * weights[block * kLanes][kPanel].
struct Product {
  const float* in;
  int64_t block_stride;  // floats between blocks of `in`
  const float* weights;
  int64_t blocks;
  int64_t tail_blocks;  // the last blocks, which hold only tail_lanes channels each
  int64_t tail_lanes;
  float* out;
  bool add;
};

template <int kTiles, int kVectors>
HWY_INLINE void multiply_lane(const float* in, const float* weights, V (&sum)[kTiles][kVectors]) {
  V w[kVectors];
  GANYMEDE_UNROLL
  for (int j = 0; j < kVectors; ++j) w[j] = load(weights + j * kLanes);
  GANYMEDE_UNROLL
  for (int r = 0; r < kTiles; ++r) {
    const V x = hn::Set(D(), in[r * kLanes]);
    GANYMEDE_UNROLL
    for (int j = 0; j < kVectors; ++j) sum[r][j] = madd(x, w[j], sum[r][j]);
  }
}

template <int kTiles, int kVectors>
HWY_NOINLINE void micro_kernel(const Product& product, int64_t tile) {
  float* out = product.out + tile * kPanel;
  V sum[kTiles][kVectors];
  GANYMEDE_UNROLL
  for (int r = 0; r < kTiles; ++r) {
    GANYMEDE_UNROLL
    for (int j = 0; j < kVectors; ++j) {
      sum[r][j] = product.add ? load(out + r * kPanel + j * kLanes) : hn::Zero(D());
    }
  }
  const float* in = product.in + tile * kLanes;
  const float* weights = product.weights;
  const int64_t full = product.blocks - product.tail_blocks;
  for (int64_t block = 0; block < full; ++block) {
    const float* next = in + 2 * product.block_stride;
    GANYMEDE_UNROLL
    for (int line = 0; line < kTiles * kLanes; line += 16) hwy::Prefetch(next + line);
    GANYMEDE_UNROLL
    for (int k = 0; k < kLanes; ++k) multiply_lane(in + k, weights + k * kPanel, sum);
    in += product.block_stride;
    weights += kLanes * kPanel;
  }
  for (int64_t block = full; block < product.blocks; ++block) {
    for (int64_t k = 0; k < product.tail_lanes; ++k) {
      multiply_lane(in + k, weights + k * kPanel, sum);
    }
    in += product.block_stride;
    weights += kLanes * kPanel;
  }
  GANYMEDE_UNROLL
  for (int r = 0; r < kTiles; ++r) {
    GANYMEDE_UNROLL
    for (int j = 0; j < kVectors; ++j) store(sum[r][j], out + r * kPanel + j * kLanes);
  }
}

template <int kVectors>
void multiply_panel(const Product& product, int64_t tiles) {
  int64_t tile = 0;
  for (; tile + kRows <= tiles; tile += kRows) micro_kernel<kRows, kVectors>(product, tile);
  constexpr int kHalf = kRows == 12 ? 8 : 4;
  if (tile + kHalf <= tiles) {
    micro_kernel<kHalf, kVectors>(product, tile);
    tile += kHalf;
  }
  if (tile < tiles) micro_kernel<kHalf / 2, kVectors>(product, tile);
}

// All panels [first, last) of `outputs` channels for `tiles` tiles. Panels of weights lie
// weight_stride floats apart, those of the result tiles * kPanel.
inline void multiply_panels(Product product, int64_t weight_stride, int64_t first, int64_t last,
                            int64_t outputs, int64_t tiles) {
  const Product whole = product;
  for (int64_t block = 0; block < whole.blocks; block += kDepth) {
    const int64_t end = HWY_MIN(whole.blocks, block + kDepth);
    product.in = whole.in + block * whole.block_stride;
    product.blocks = end - block;
    product.tail_blocks =
        HWY_MAX(int64_t{0}, HWY_MIN(product.blocks, end - (whole.blocks - whole.tail_blocks)));
    product.add = whole.add || block > 0;
    for (int64_t panel = first; panel < last; ++panel) {
      product.weights = whole.weights + panel * weight_stride + block * kLanes * kPanel;
      product.out = whole.out + (panel - first) * tiles * kPanel;
      if (outputs - panel * kPanel <= kLanes) {
        multiply_panel<1>(product, tiles);
      } else {
        multiply_panel<2>(product, tiles);
      }
    }
  }
}

}  // namespace ganymede::ops::winograd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // GANYMEDE_OPS_WINOGRAD_GEMM_INL_H_
