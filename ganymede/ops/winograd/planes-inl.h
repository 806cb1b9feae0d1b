// Between tensors [channel, row, column] and planes [pixel][kLanes channels]. Included once per
// target by Highway, hence the toggled guard.
#if defined(GANYMEDE_OPS_WINOGRAD_PLANES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef GANYMEDE_OPS_WINOGRAD_PLANES_INL_H_
#undef GANYMEDE_OPS_WINOGRAD_PLANES_INL_H_
#else
#define GANYMEDE_OPS_WINOGRAD_PLANES_INL_H_
#endif

#include "ganymede/ops/kernel/vector-inl.h"
#include "ganymede/ops/winograd/layout.h"

HWY_BEFORE_NAMESPACE();
namespace ganymede::ops::winograd::HWY_NAMESPACE {

using namespace kernel::HWY_NAMESPACE;

// `channels` rows of pixels, `stride` floats apart.
template <typename T>
struct Rows {
  T* data;
  int64_t stride;
  int64_t channels;  // valid ones, at most kLanes
  int64_t pixels;
};

HWY_INLINE void load_square(const Rows<const float>& rows, int64_t pixel, V* r) {
  const float* source = rows.data + pixel;
  if (rows.channels == kLanes) {
    GANYMEDE_UNROLL
    for (int i = 0; i < kLanes; ++i) r[i] = load(source + i * rows.stride);
  } else {
    GANYMEDE_UNROLL
    for (int i = 0; i < kLanes; ++i) {
      r[i] = i < rows.channels ? load(source + i * rows.stride) : hn::Zero(D());
    }
  }
  transpose(r);
}

// Pixel p goes to planes + offsets[p]; lanes without a channel become zero. The last square is
// moved back to end with the last pixel, so that some pixels are written twice.
inline HWY_NOINLINE void planes_from_rows(const Rows<const float>& rows, const int32_t* offsets,
                                          float* planes) {
  if (rows.pixels < kLanes) {
    for (int64_t p = 0; p < rows.pixels; ++p) {
      for (int64_t i = 0; i < kLanes; ++i) {
        planes[offsets[p] + i] = i < rows.channels ? rows.data[i * rows.stride + p] : 0.0F;
      }
    }
    return;
  }
  for (int64_t next = 0; next < rows.pixels; next += kLanes) {
    const int64_t p = HWY_MIN(next, rows.pixels - kLanes);
    V r[kLanes];
    load_square(rows, p, r);
    GANYMEDE_UNROLL
    for (int i = 0; i < kLanes; ++i) store(r[i], planes + offsets[p + i]);
  }
}

inline int64_t lanes_in_block(int64_t channels, int64_t block) {
  return HWY_MIN(int64_t{kLanes}, channels - block * kLanes);
}

// The finish of the channels of one block.
struct FinishLanes {
  FinishLanes(const Finish& finish, int64_t channels, int64_t block) : slope(finish.slope) {
    const int64_t count = lanes_in_block(channels, block);
    for (int64_t i = 0; i < kLanes; ++i) {
      const bool there = i < count;
      scale[i] = there && finish.scale != nullptr ? finish.scale[block * kLanes + i] : 1.0F;
      shift[i] = there && finish.shift != nullptr ? finish.shift[block * kLanes + i] : 0.0F;
    }
  }
  float scale[kLanes];
  float shift[kLanes];
  float slope;
};

// The way back, finished.
inline HWY_NOINLINE void rows_from_planes(const float* planes, const int32_t* offsets,
                                          const FinishLanes& finish, const Rows<float>& rows) {
  const float slope = finish.slope;
  if (rows.pixels < kLanes) {
    for (int64_t p = 0; p < rows.pixels; ++p) {
      for (int64_t i = 0; i < rows.channels; ++i) {
        const float y = planes[offsets[p] + i] * finish.scale[i] + finish.shift[i];
        rows.data[i * rows.stride + p] = y > 0 ? y : slope * y;
      }
    }
    return;
  }
  const V scale = load(finish.scale);
  const V shift = load(finish.shift);
  const V slopes = hn::Set(D(), slope);
  for (int64_t next = 0; next < rows.pixels; next += kLanes) {
    const int64_t p = HWY_MIN(next, rows.pixels - kLanes);
    V r[kLanes];
    GANYMEDE_UNROLL
    for (int i = 0; i < kLanes; ++i) r[i] = madd(load(planes + offsets[p + i]), scale, shift);
    if (slope != 1) {
      GANYMEDE_UNROLL
      for (int i = 0; i < kLanes; ++i) {
        r[i] = hn::IfThenElse(hn::Gt(r[i], hn::Zero(D())), r[i], r[i] * slopes);
      }
    }
    transpose(r);
    float* target = rows.data + p;
    if (rows.channels == kLanes) {
      GANYMEDE_UNROLL
      for (int i = 0; i < kLanes; ++i) store(r[i], target + i * rows.stride);
    } else {
      GANYMEDE_UNROLL
      for (int i = 0; i < kLanes; ++i) {
        if (i < rows.channels) store(r[i], target + i * rows.stride);
      }
    }
  }
}

// Makes the phases' planes of a segment of an image (`image` is its channel block). The planes'
// border columns must be zero already; rows outside the image become zero here.
template <int M, int R>
HWY_NOINLINE void load_image(const Layout<M, R, kLanes>& layout, const Segment& segment,
                             const float* image, int64_t channels, const int32_t* offsets,
                             int64_t plane, float* planes) {
  using L = Layout<M, R, kLanes>;
  const int64_t first = layout.first_row(segment.begin);
  const int64_t count = layout.image_rows(segment.end - segment.begin);
  const int64_t begin = HWY_MAX(int64_t{0}, -first);
  const int64_t end = HWY_MIN(count, layout.height - first);
  for (int64_t row = 0; row < count; ++row) {
    if (row >= begin && row < end) continue;
    const int64_t line = layout.plane_cols * kLanes;
    float* target = planes + row / L::kStride * line + row % L::kStride * 2 * plane;
    for (int q = 0; q < L::kStride; ++q) std::memset(target + q * plane, 0, line * sizeof(float));
  }
  planes_from_rows({image + (first + begin) * layout.width, layout.height * layout.width, channels,
                    (end - begin) * layout.width},
                   offsets + begin * layout.width, planes);
}

// Makes the plane of a segment of a map; columns beyond the map must be zero already.
template <int M, int R>
HWY_NOINLINE void load_map(const Layout<M, R, kLanes>& layout, const Segment& segment,
                           const float* map, int64_t channels, const int32_t* offsets,
                           float* plane) {
  const int64_t first = segment.begin * M;
  const int64_t count = (segment.end - segment.begin) * M;
  const int64_t end = HWY_MIN(count, layout.rows - first);
  const int64_t line = layout.map_cols * kLanes;
  std::memset(plane + end * line, 0, (count - end) * line * sizeof(float));
  planes_from_rows(
      {map + first * layout.cols, layout.rows * layout.cols, channels, end * layout.cols}, offsets,
      plane);
}

template <int M, int R>
HWY_NOINLINE void store_map(const Layout<M, R, kLanes>& layout, const Segment& segment,
                            const float* plane, const FinishLanes& finish, int64_t channels,
                            const int32_t* offsets, float* map) {
  const int64_t first = segment.begin * M;
  const int64_t count = HWY_MIN((segment.end - segment.begin) * M, layout.rows - first);
  rows_from_planes(
      plane, offsets, finish,
      {map + first * layout.cols, layout.rows * layout.cols, channels, count * layout.cols});
}

}  // namespace ganymede::ops::winograd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // GANYMEDE_OPS_WINOGRAD_PLANES_INL_H_
