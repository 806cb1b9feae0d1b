// Sizes that follow from a problem, a tile and a vector width; no vectors here.
#pragma once

#include <algorithm>
#include <cstdint>

#include "ganymede/ops/kernel/ceil_div.h"
#include "ganymede/ops/winograd/engine.h"

namespace ganymede::ops::winograd {

constexpr int64_t round_up(int64_t value, int64_t unit) { return ceil_div(value, unit) * unit; }

// Added between the matrices of two evaluation points, whose distance would otherwise often be a
// multiple of 4 KiB, so that all points would fall into the same few cache sets.
constexpr int64_t kPad = 48;

// Tile rows [begin, end) of one image, whose first tile is number `tile` of its chunk.
struct Segment {
  int64_t image;
  int64_t begin;
  int64_t end;
  int64_t tile;
};

// M: outputs per tile and dimension; R: kernel taps per phase and dimension; L: lanes of a vector.
template <int M, int R, int L>
struct Layout {
  static constexpr int kN = M + R - 1;
  static constexpr int kPoints = kN * kN;
  static constexpr int kStride = R == 2 ? 2 : 1;
  static constexpr int kPhases = kStride * kStride;
  static constexpr int64_t kPanel = 2 * L;  // output channels that one micro-kernel makes

  explicit Layout(const Problem& p)
      : shared(p.family == Family::k4x4Shared),
        channels(p.channels),
        filters(p.filters),
        height(p.height),
        width(p.width),
        rows(p.map_height()),
        cols(p.map_width()),
        tile_rows(ceil_div(rows, M)),
        tile_cols(ceil_div(cols, M)),
        units(p.batch * tile_rows),
        channel_blocks(ceil_div(channels, L)),
        filter_blocks(ceil_div(filters, L)),
        plane_cols(tile_cols * M + R - 1),
        map_cols(tile_cols * M) {}

  // How many matrices of phases the point `e` has (1 or 2 phases per dimension)...
  int phases_at(int e) const {
    if (R == 3) return 1;
    return (shared && e / kN == 1 ? 1 : 2) * (shared && e % kN == 1 ? 1 : 2);
  }
  // ... which of them holds `phase`, and whether `phase` is the first that it holds.
  int slot(int e, int phase) const {
    const bool rows_merge = shared && e / kN == 1;
    const bool cols_merge = shared && e % kN == 1;
    if (rows_merge) return cols_merge ? 0 : phase & 1;
    return cols_merge ? phase >> 1 : phase;
  }
  bool first_of_slot(int e, int phase) const {
    return !(shared && e / kN == 1 && phase >= 2) && !(shared && e % kN == 1 && (phase & 1) == 1);
  }

  // Local row `l` of a segment that starts at tile row `begin` is image row first_row(begin) + l.
  int64_t first_row(int64_t begin) const { return kStride * begin * M - 1; }
  int64_t image_rows(int64_t tile_row_count) const {
    return kStride * (tile_row_count * M + R - 1);
  }
  // Floats of one phase's plane that holds `tile_row_count` rows of tiles.
  int64_t plane_size(int64_t tile_row_count) const {
    return (tile_row_count * M + R - 1) * plane_cols * L;
  }

  // Calls f for the segments that the units [begin, end) consist of.
  template <typename F>
  void segments(int64_t begin, int64_t end, F&& f) const {
    int64_t tile = 0;
    for (int64_t unit = begin; unit < end;) {
      const int64_t first = unit % tile_rows;
      const int64_t last = std::min(tile_rows, first + end - unit);
      f(Segment{unit / tile_rows, first, last, tile});
      tile += (last - first) * tile_cols;
      unit += last - first;
    }
  }

  // Where pixel (local row, column) lies in the planes of a segment: `offsets` gets
  // image_rows(tile_row_count) * width values.
  void image_offsets(int64_t tile_row_count, int32_t* offsets) const {
    const int64_t plane = plane_size(tile_row_count);
    for (int64_t row = 0; row < image_rows(tile_row_count); ++row) {
      for (int64_t col = 1; col <= width; ++col) {
        const int64_t phase = R == 2 ? row % 2 * 2 + col % 2 : 0;
        const int64_t pixel = row / kStride * plane_cols + col / kStride;
        *offsets++ = static_cast<int32_t>(phase * plane + pixel * L);
      }
    }
  }
  // The same for the map side, whose plane has rows of map_cols pixels.
  void map_offsets(int64_t tile_row_count, int32_t* offsets) const {
    for (int64_t row = 0; row < tile_row_count * M; ++row) {
      for (int64_t col = 0; col < cols; ++col) {
        *offsets++ = static_cast<int32_t>((row * map_cols + col) * L);
      }
    }
  }

  bool shared;
  int64_t channels, filters;
  int64_t height, width;         // image
  int64_t rows, cols;            // map
  int64_t tile_rows, tile_cols;  // per image
  int64_t units;                 // rows of tiles of the whole batch
  int64_t channel_blocks, filter_blocks;
  int64_t plane_cols, map_cols;  // pixels per row of a plane
};

// Units per chunk so that a chunk has about `tiles` tiles.
template <typename Layout>
int64_t units_per_chunk(const Layout& layout, int64_t tiles) {
  return std::clamp<int64_t>(tiles / layout.tile_cols, 1, layout.units);
}

}  // namespace ganymede::ops::winograd
