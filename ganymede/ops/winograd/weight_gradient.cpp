// The weight gradient: products of transformed image and map tiles, summed over all tiles.
#include "ganymede/ops/kernel/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ganymede/ops/winograd/weight_gradient.cpp"
#include <hwy/foreach_target.h>

#include "ganymede/ops/winograd/input-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ganymede::ops::winograd::HWY_NAMESPACE {

constexpr int kGroup = kLanes < 8 ? kLanes : kLanes / 2;  // filters per micro-kernel
constexpr int64_t kTilesAtOnce = 128;                     // of a panel of three blocks in L1

// sums[filter][channel] (+)= sum over tiles of map[tile][filter] * image[tile][channel].
struct Outer {
  const float* map;    // [block][tile][kLanes]
  const float* image;  // [block][tile][kLanes]
  int64_t block_stride;
  int64_t tiles;
  float* sums;
  int64_t line;  // floats per filter
  bool add;
};

template <int kBlocks>
HWY_NOINLINE void outer_kernel(const Outer& outer) {
  V sum[kGroup][kBlocks];
  GANYMEDE_UNROLL
  for (int i = 0; i < kGroup; ++i) {
    GANYMEDE_UNROLL
    for (int j = 0; j < kBlocks; ++j) {
      sum[i][j] = outer.add ? load(outer.sums + i * outer.line + j * kLanes) : hn::Zero(D());
    }
  }
  const float* map = outer.map;
  const float* image = outer.image;
  for (int64_t t = 0; t < outer.tiles; ++t) {
    V x[kBlocks];
    GANYMEDE_UNROLL
    for (int j = 0; j < kBlocks; ++j) x[j] = load(image + j * outer.block_stride);
    GANYMEDE_UNROLL
    for (int i = 0; i < kGroup; ++i) {
      const V y = hn::Set(D(), map[i]);
      GANYMEDE_UNROLL
      for (int j = 0; j < kBlocks; ++j) sum[i][j] = madd(y, x[j], sum[i][j]);
    }
    map += kLanes;
    image += kLanes;
  }
  GANYMEDE_UNROLL
  for (int i = 0; i < kGroup; ++i) {
    GANYMEDE_UNROLL
    for (int j = 0; j < kBlocks; ++j) store(sum[i][j], outer.sums + i * outer.line + j * kLanes);
  }
}

// All filters of blocks [first, last) with `count` channel blocks from outer.image on.
void outer_columns(const Outer& outer, int64_t first, int64_t last, int64_t count) {
  for (int64_t filter = first * kLanes; filter < last * kLanes; filter += kGroup) {
    Outer part = outer;
    part.map = outer.map + filter / kLanes * outer.block_stride + filter % kLanes;
    part.sums = outer.sums + filter * outer.line;
    if (count == 3) {
      outer_kernel<3>(part);
    } else if (count == 2) {
      outer_kernel<2>(part);
    } else {
      outer_kernel<1>(part);
    }
  }
}

void outer_products(const Outer& outer, int64_t first, int64_t last, int64_t blocks) {
  for (int64_t tile = 0; tile < outer.tiles; tile += kTilesAtOnce) {
    Outer part = outer;
    part.tiles = HWY_MIN(kTilesAtOnce, outer.tiles - tile);
    part.map = outer.map + tile * kLanes;
    part.add = outer.add || tile > 0;
    for (int64_t block = 0; block < blocks;) {
      const int64_t left = blocks - block;
      const int64_t count = left == 4 || left == 2 ? 2 : HWY_MIN(int64_t{3}, left);
      part.image = outer.image + block * outer.block_stride + tile * kLanes;
      part.sums = outer.sums + block * kLanes;
      outer_columns(part, first, last, count);
      block += count;
    }
  }
}

// GT of the sums of one filter, one channel block and one phase, to kLanes weights that lie
// `taps_per_channel` floats apart; points[e] is null where another phase holds the sum.
template <int M, int R>
HWY_NOINLINE void weight_taps(const float* const* points, float (*taps)[kLanes]) {
  constexpr int kN = M + R - 1;
  V in[kN][kN];
  V out[R][R];
  GANYMEDE_UNROLL
  for (int a = 0; a < kN; ++a) {
    GANYMEDE_UNROLL
    for (int b = 0; b < kN; ++b) {
      const float* point = points[a * kN + b];
      in[a][b] = point == nullptr ? hn::Zero(D()) : load(point);
    }
  }
  transform_square<typename ToomCook<M, R>::GT>(in, out);
  GANYMEDE_UNROLL
  for (int a = 0; a < R; ++a) {
    GANYMEDE_UNROLL
    for (int b = 0; b < R; ++b) store(out[a][b], taps[a * R + b]);
  }
}

// Sums of some filters with some channels, sums[point][filter][(channel block, phase), lane].
struct Sums {
  float* data = nullptr;
  int64_t distance = 0;  // floats per point
  int64_t line = 0;      // per filter
  int64_t first_filter = 0;
  int64_t first_block = 0;  // of channels
  int64_t last_block = 0;
};

template <int M, int R>
void store_weights(const Layout<M, R, kLanes>& layout, const Sums& sums, int64_t filter,
                   float* weight) {
  using L = Layout<M, R, kLanes>;
  constexpr int kTaps = R == 2 ? 16 : 9;
  const float* own = sums.data + (filter - sums.first_filter) * sums.line;
  for (int64_t block = sums.first_block; block < sums.last_block; ++block) {
    float* target = weight + (filter * layout.channels + block * kLanes) * kTaps;
    const int64_t channels = lanes_in_block(layout.channels, block);
    for (int phase = 0; phase < L::kPhases; ++phase) {
      const float* points[L::kPoints];
      for (int e = 0; e < L::kPoints; ++e) {
        const int64_t at = (block - sums.first_block) * layout.phases_at(e) + layout.slot(e, phase);
        const float* point = own + e * sums.distance + at * kLanes;
        points[e] = layout.first_of_slot(e, phase) ? point : nullptr;
      }
      float taps[R * R][kLanes];
      weight_taps<M, R>(points, taps);
      for (int t = 0; t < R * R; ++t) {
        const int wide = (phase / 2 + t / 2 * 2) * 4 + phase % 2 + t % 2 * 2;
        float* to = target + (R == 2 ? wide : t);
        for (int64_t c = 0; c < channels; ++c) to[c * kTaps] = taps[t][c];
      }
    }
  }
}

constexpr int64_t kFilterBlocks = HWY_MAX(1, 64 / kLanes);  // of one piece of work

// The transformed tiles of a chunk.
template <int M, int R>
struct Transformed {
  using L = Layout<M, R, kLanes>;
  Transformed(const L& layout, int64_t units, ScratchFrame& frame)
      : layout(layout),
        image_blocks(layout.channel_blocks * L::kPhases),
        image(frame.floats(L::kPoints * Chunk(layout, 0, units).distance(image_blocks))),
        map(frame.floats(L::kPoints * Chunk(layout, 0, units).distance(layout.filter_blocks))) {}

  void fill(const Chunk& chunk, const float* image_data, const float* map_data,
            const Executor& executor) const {
    executor.each(layout.channel_blocks + layout.filter_blocks, [&](int64_t block) {
      if (block < layout.channel_blocks) {
        image_tiles<M, R>(layout, chunk, image_data, block, image);
      } else {
        map_tiles<M, R>(layout, chunk, map_data, block - layout.channel_blocks, map);
      }
    });
  }

  // Adds the products of point e for the filter blocks [first, last).
  void multiply(const Chunk& chunk, int e, int64_t first, int64_t last, const Sums& sums,
                bool add) const {
    const int64_t phases = layout.phases_at(e);
    const Outer outer{
        map + e * chunk.distance(layout.filter_blocks),
        image + e * chunk.distance(image_blocks) + sums.first_block * phases * chunk.block(),
        chunk.block(),
        (chunk.end - chunk.begin) * layout.tile_cols,
        sums.data + e * sums.distance - sums.first_filter * sums.line,
        sums.line,
        add};
    outer_products(outer, first, last, (sums.last_block - sums.first_block) * phases);
  }

  const L& layout;
  int64_t image_blocks;
  float* image;
  float* map;
};

// Few tiles of many channels: the sums are far more than the tiles, so they are made and turned
// into weights piece by piece, each of which stays in the second cache.
template <int M, int R>
void gradient_by_pieces(const Layout<M, R, kLanes>& layout, const float* image, const float* map,
                        float* weight, const Executor& executor) {
  using L = Layout<M, R, kLanes>;
  constexpr int64_t kPieceFloats = 200'000;
  constexpr int64_t kFilters = kFilterBlocks * kLanes;
  constexpr int64_t kPerBlock = L::kPoints * kFilters * L::kPhases * kLanes;
  constexpr int64_t kBlocks = HWY_MAX(int64_t{1}, kPieceFloats / kPerBlock);  // of channels
  ScratchFrame frame;
  const Transformed<M, R> transformed(layout, layout.units, frame);
  const Chunk chunk(layout, 0, layout.units);
  transformed.fill(chunk, image, map, executor);
  const int64_t filter_pieces = ceil_div(layout.filter_blocks, kFilterBlocks);
  const int64_t channel_pieces = ceil_div(layout.channel_blocks, kBlocks);
  executor.each(filter_pieces * channel_pieces, [&](int64_t piece) {
    const int64_t first = piece / channel_pieces * kFilterBlocks;
    const int64_t last = HWY_MIN(layout.filter_blocks, first + kFilterBlocks);
    const int64_t block = piece % channel_pieces * kBlocks;
    ScratchFrame own;
    Sums sums{.line = kBlocks * L::kPhases * kLanes + 16,
              .first_filter = first * kLanes,
              .first_block = block,
              .last_block = HWY_MIN(layout.channel_blocks, block + kBlocks)};
    sums.distance = kFilters * sums.line + kPad;
    sums.data = own.floats(L::kPoints * sums.distance);
    for (int e = 0; e < L::kPoints; ++e) transformed.multiply(chunk, e, first, last, sums, false);
    const int64_t end = HWY_MIN(layout.filters, last * kLanes);
    for (int64_t filter = first * kLanes; filter < end; ++filter)
      store_weights<M, R>(layout, sums, filter, weight);
  });
}

template <int M, int R>
void gradient_tile(const Problem& problem, const float* image, const float* map, float* weight,
                   const Executor& executor) {
  using L = Layout<M, R, kLanes>;
  const L layout(problem);
  const int64_t blocks = layout.channel_blocks * L::kPhases + layout.filter_blocks;
  constexpr int64_t kSharedFloats = 2'500'000;  // transformed tiles of a chunk, in the last cache
  const int64_t tiles =
      std::clamp<int64_t>(kSharedFloats / (L::kPoints * blocks * kLanes), 64, 512);
  const int64_t units = units_per_chunk(layout, tiles);
  if (units == layout.units) {
    gradient_by_pieces<M, R>(layout, image, map, weight, executor);
    return;
  }
  ScratchFrame frame;
  const Transformed<M, R> transformed(layout, units, frame);
  Sums sums{.line = round_up(transformed.image_blocks * kLanes, 32) + 16,
            .last_block = layout.channel_blocks};
  sums.distance = layout.filter_blocks * kLanes * sums.line + kPad;
  sums.data = frame.floats(L::kPoints * sums.distance);
  const int64_t pieces = ceil_div(layout.filter_blocks, kFilterBlocks);
  for (int64_t begin = 0; begin < layout.units; begin += units) {
    const Chunk chunk(layout, begin, HWY_MIN(layout.units, begin + units));
    transformed.fill(chunk, image, map, executor);
    executor.each(L::kPoints * pieces, [&](int64_t item) {
      const int64_t first = item % pieces * kFilterBlocks;
      transformed.multiply(chunk, static_cast<int>(item / pieces), first,
                           HWY_MIN(layout.filter_blocks, first + kFilterBlocks), sums, begin > 0);
    });
  }
  executor.each(layout.filters,
                [&](int64_t filter) { store_weights<M, R>(layout, sums, filter, weight); });
}

void run_gradient(const Problem& problem, const float* image, const float* map, float* weight,
                  const Executor& executor) {
  if (problem.strided()) {
    if (problem.tile == 4) {
      gradient_tile<4, 2>(problem, image, map, weight, executor);
    } else {
      gradient_tile<2, 2>(problem, image, map, weight, executor);
    }
  } else if (problem.tile == 4) {
    gradient_tile<4, 3>(problem, image, map, weight, executor);
  } else {
    gradient_tile<2, 3>(problem, image, map, weight, executor);
  }
}

}  // namespace ganymede::ops::winograd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ganymede::ops::winograd {

HWY_EXPORT(run_gradient);

void weight_gradient(const Problem& problem, const float* image, const float* map, float* weight,
                     const Executor& executor) {
  HWY_DYNAMIC_DISPATCH(run_gradient)(problem, image, map, weight, executor);
}

}  // namespace ganymede::ops::winograd
#endif
