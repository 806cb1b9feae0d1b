// Transforms of all tiles of one plane. Included once per target by Highway, hence the toggled
// guard. Matrices of point e start e * distance floats after the first.
#if defined(GANYMEDE_OPS_WINOGRAD_TILES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef GANYMEDE_OPS_WINOGRAD_TILES_INL_H_
#undef GANYMEDE_OPS_WINOGRAD_TILES_INL_H_
#else
#define GANYMEDE_OPS_WINOGRAD_TILES_INL_H_
#endif

#include "ganymede/ops/winograd/layout.h"
#include "ganymede/ops/winograd/toom_cook-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ganymede::ops::winograd::HWY_NAMESPACE {

template <int kCount>
HWY_INLINE void load_tile(const float* source, int64_t line, V (&tile)[kCount][kCount]) {
  GANYMEDE_UNROLL
  for (int a = 0; a < kCount; ++a) {
    GANYMEDE_UNROLL
    for (int b = 0; b < kCount; ++b) tile[a][b] = load(source + a * line + b * kLanes);
  }
}

template <int kCount>
HWY_INLINE void load_points(const float* source, int64_t distance, V (&tile)[kCount][kCount]) {
  GANYMEDE_UNROLL
  for (int a = 0; a < kCount; ++a) {
    GANYMEDE_UNROLL
    for (int b = 0; b < kCount; ++b) tile[a][b] = load(source + (a * kCount + b) * distance);
  }
}

template <int kCount>
HWY_INLINE void store_points(const V (&tile)[kCount][kCount], float* target, int64_t distance) {
  GANYMEDE_UNROLL
  for (int a = 0; a < kCount; ++a) {
    GANYMEDE_UNROLL
    for (int b = 0; b < kCount; ++b) store(tile[a][b], target + (a * kCount + b) * distance);
  }
}

// BT over overlapping tiles of a phase's plane.
template <int M, int R>
HWY_NOINLINE void tiles_bt(const Layout<M, R, kLanes>& layout, const float* plane, int64_t rows,
                           float* points, int64_t distance) {
  constexpr int kN = M + R - 1;
  const int64_t line = layout.plane_cols * kLanes;
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < layout.tile_cols; ++j, points += kLanes) {
      V in[kN][kN];
      V out[kN][kN];
      load_tile(plane + i * M * line + j * M * kLanes, line, in);
      transform_square<typename ToomCook<M, R>::BT>(in, out);
      store_points(out, points, distance);
    }
  }
}

// The same with phases that share matrices: targets[e] is where point e of this phase goes, and it
// is added there unless this phase is the matrix's first.
template <int M, int R>
HWY_NOINLINE void tiles_bt_shared(const Layout<M, R, kLanes>& layout, const float* plane,
                                  int64_t rows, float* const* targets, int phase) {
  constexpr int kN = M + R - 1;
  const int64_t line = layout.plane_cols * kLanes;
  int64_t offset = 0;
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < layout.tile_cols; ++j, offset += kLanes) {
      V in[kN][kN];
      V out[kN][kN];
      load_tile(plane + i * M * line + j * M * kLanes, line, in);
      transform_square<typename ToomCook<M, R>::BT>(in, out);
      GANYMEDE_UNROLL
      for (int a = 0; a < kN; ++a) {
        GANYMEDE_UNROLL
        for (int b = 0; b < kN; ++b) {
          float* target = targets[a * kN + b] + offset;
          const bool first = layout.first_of_slot(a * kN + b, phase);
          store(first ? out[a][b] : out[a][b] + load(target), target);
        }
      }
    }
  }
}

// A over the tiles of a map's plane.
template <int M, int R>
HWY_NOINLINE void tiles_a(const Layout<M, R, kLanes>& layout, const float* plane, int64_t rows,
                          float* points, int64_t distance) {
  constexpr int kN = M + R - 1;
  const int64_t line = layout.map_cols * kLanes;
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < layout.tile_cols; ++j, points += kLanes) {
      V in[M][M];
      V out[kN][kN];
      load_tile(plane + i * M * line + j * M * kLanes, line, in);
      transform_square<typename ToomCook<M, R>::A>(in, out);
      store_points(out, points, distance);
    }
  }
}

// AT from products, which lie kPanel floats apart, to the tiles of a map's plane.
template <int M, int R>
HWY_NOINLINE void tiles_at(const Layout<M, R, kLanes>& layout, const float* points,
                           int64_t distance, int64_t rows, float* plane) {
  constexpr int kN = M + R - 1;
  const int64_t line = layout.map_cols * kLanes;
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < layout.tile_cols; ++j, points += 2 * kLanes) {
      V in[kN][kN];
      V out[M][M];
      load_points(points, distance, in);
      transform_square<typename ToomCook<M, R>::AT>(in, out);
      float* target = plane + i * M * line + j * M * kLanes;
      GANYMEDE_UNROLL
      for (int a = 0; a < M; ++a) {
        GANYMEDE_UNROLL
        for (int b = 0; b < M; ++b) store(out[a][b], target + a * line + b * kLanes);
      }
    }
  }
}

// B from products to a phase's plane, where neighbouring tiles overlap and are added.
template <int M, int R>
HWY_NOINLINE void tiles_b(const Layout<M, R, kLanes>& layout, const float* const* products,
                          int64_t offset, int64_t rows, float* plane) {
  constexpr int kN = M + R - 1;
  const int64_t line = layout.plane_cols * kLanes;
  for (int64_t row = 0; row <= rows * M; ++row) {
    const int64_t border = row == 0 ? line : kLanes;
    std::memset(plane + row * line, 0, border * sizeof(float));
  }
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < layout.tile_cols; ++j, offset += 2 * kLanes) {
      V in[kN][kN];
      V out[kN][kN];
      GANYMEDE_UNROLL
      for (int a = 0; a < kN; ++a) {
        GANYMEDE_UNROLL
        for (int b = 0; b < kN; ++b) in[a][b] = load(products[a * kN + b] + offset);
      }
      transform_square<typename ToomCook<M, R>::B>(in, out);
      float* target = plane + i * M * line + j * M * kLanes;
      GANYMEDE_UNROLL
      for (int a = 0; a < kN; ++a) {
        GANYMEDE_UNROLL
        for (int b = 0; b < kN; ++b) {
          float* pixel = target + a * line + b * kLanes;
          store(a == 0 || b == 0 ? out[a][b] + load(pixel) : out[a][b], pixel);
        }
      }
    }
  }
}

}  // namespace ganymede::ops::winograd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // GANYMEDE_OPS_WINOGRAD_TILES_INL_H_
