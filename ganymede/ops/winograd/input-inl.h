// From tensors to transformed tiles of a chunk. Included once per target by Highway, hence the
// toggled guard.
#if defined(GANYMEDE_OPS_WINOGRAD_INPUT_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef GANYMEDE_OPS_WINOGRAD_INPUT_INL_H_
#undef GANYMEDE_OPS_WINOGRAD_INPUT_INL_H_
#else
#define GANYMEDE_OPS_WINOGRAD_INPUT_INL_H_
#endif

#include "ganymede/ops/kernel/arena.h"
#include "ganymede/ops/winograd/gemm-inl.h"
#include "ganymede/ops/winograd/planes-inl.h"
#include "ganymede/ops/winograd/tiles-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ganymede::ops::winograd::HWY_NAMESPACE {

// Some rows of tiles, units [begin, end), and where their transformed values lie:
// points[e][block][tile][kLanes].
struct Chunk {
  template <typename Layout>
  Chunk(const Layout& layout, int64_t first, int64_t last)
      : begin(first),
        end(last),
        tile_rows(HWY_MIN(layout.tile_rows, last - first)),
        tiles(round_up((last - first) * layout.tile_cols, kTileUnit)) {}

  int64_t block() const { return tiles * kLanes; }
  int64_t distance(int64_t blocks) const { return blocks * block() + kPad; }

  int64_t begin;
  int64_t end;
  int64_t tile_rows;  // the most that a segment has
  int64_t tiles;      // padded
};

// How many blocks of the image side the point `e` sums over, and the last of them, with fewer
// channels than lanes.
template <typename Layout>
void set_blocks(const Layout& layout, int e, Product& product) {
  const int64_t phases = layout.phases_at(e);
  product.blocks = layout.channel_blocks * phases;
  product.tail_lanes = layout.channels % kLanes;
  product.tail_blocks = product.tail_lanes == 0 ? 0 : phases;
}

// BT of the channel block `block` of the image, all phases.
template <int M, int R>
void image_tiles(const Layout<M, R, kLanes>& layout, const Chunk& chunk, const float* image,
                 int64_t block, float* points) {
  using L = Layout<M, R, kLanes>;
  ScratchFrame frame;
  const int64_t plane = layout.plane_size(chunk.tile_rows);
  float* planes = frame.zeros(L::kPhases * plane);
  int32_t* offsets = frame.integers(layout.image_rows(chunk.tile_rows) * layout.width);
  layout.image_offsets(chunk.tile_rows, offsets);
  const int64_t distance = chunk.distance(layout.channel_blocks * L::kPhases);
  const int64_t channels = lanes_in_block(layout.channels, block);
  const int64_t area = layout.height * layout.width;
  layout.segments(chunk.begin, chunk.end, [&](const Segment& s) {
    const float* source = image + (s.image * layout.channels + block * kLanes) * area;
    load_image<M, R>(layout, s, source, channels, offsets, plane, planes);
    for (int phase = 0; phase < L::kPhases; ++phase) {
      const float* from = planes + phase * plane;
      if (!layout.shared) {
        const int64_t at = (block * L::kPhases + phase) * chunk.block() + s.tile * kLanes;
        tiles_bt<M, R>(layout, from, s.end - s.begin, points + at, distance);
        continue;
      }
      float* targets[L::kPoints];
      for (int e = 0; e < L::kPoints; ++e) {
        const int64_t matrix = block * layout.phases_at(e) + layout.slot(e, phase);
        targets[e] = points + e * distance + matrix * chunk.block() + s.tile * kLanes;
      }
      tiles_bt_shared<M, R>(layout, from, s.end - s.begin, targets, phase);
    }
  });
}

// A of the filter block `block` of the map.
template <int M, int R>
void map_tiles(const Layout<M, R, kLanes>& layout, const Chunk& chunk, const float* map,
               int64_t block, float* points) {
  ScratchFrame frame;
  float* plane = frame.zeros(chunk.tile_rows * M * layout.map_cols * kLanes);
  int32_t* offsets = frame.integers(chunk.tile_rows * M * layout.cols);
  layout.map_offsets(chunk.tile_rows, offsets);
  const int64_t distance = chunk.distance(layout.filter_blocks);
  const int64_t filters = lanes_in_block(layout.filters, block);
  const int64_t area = layout.rows * layout.cols;
  layout.segments(chunk.begin, chunk.end, [&](const Segment& s) {
    const float* source = map + (s.image * layout.filters + block * kLanes) * area;
    load_map<M, R>(layout, s, source, filters, offsets, plane);
    tiles_a<M, R>(layout, plane, s.end - s.begin, points + block * chunk.block() + s.tile * kLanes,
                  distance);
  });
}

}  // namespace ganymede::ops::winograd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // GANYMEDE_OPS_WINOGRAD_INPUT_INL_H_
