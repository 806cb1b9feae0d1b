#include "ganymede/ops/thin/convolution.h"

#include <algorithm>

#include "ganymede/ops/kernel/arena.h"
#include "ganymede/ops/kernel/ceil_div.h"
#include "ganymede/ops/kernel/targets.h"
#include "ganymede/ops/matrix/product.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ganymede/ops/thin/convolution.cpp"
#include <hwy/foreach_target.h>

#include "ganymede/ops/kernel/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ganymede::ops::thin::HWY_NAMESPACE {

using namespace kernel::HWY_NAMESPACE;

constexpr int64_t kColumnFloats = 48 * 1024;  // of a strip's columns: they stay in the second cache
constexpr int64_t kPieces = 16;               // of work, for any number of threads

HWY_INLINE void add(const float* from, float* to, int64_t count) {
  for (int64_t i = 0; i < count; i += kLanes) {
    const int64_t some = std::min<int64_t>(kLanes, count - i);
    store(hn::Add(load(to + i, some), load(from + i, some)), to + i, some);
  }
}

// Rows of a padded image from `first` on (0 is the image's own first row), each split into the
// phases of the stride: what a tap reads or writes for a row of the map then lies in one piece.
class Rows {
 public:
  Rows(const Problem& problem, int64_t first, int64_t count, ScratchFrame& frame)
      : problem_(problem),
        first_(first),
        count_(count),
        line_(std::max(problem.map_width() + (problem.kernel - 1) / problem.stride,
                       ceil_div(problem.width + 2 * problem.padding, problem.stride))),
        data_(frame.zeros(static_cast<size_t>(problem.channels * count * problem.stride * line_))) {
  }

  // Where the tap `column` of the kernel begins in row `y` of a channel.
  float* tap(int64_t channel, int64_t y, int64_t column) const {
    const int64_t stride = problem_.stride;
    const int64_t row = (channel * count_ + y - first_) * stride + column % stride;
    return data_ + row * line_ + column / stride;
  }
  void fill(const float* image) const {
    each_pixel([&](int64_t, int64_t at, float& value) { value = image[at]; });
  }
  void copy_to(float* image, const float* bias) const {
    each_pixel([&](int64_t c, int64_t at, const float& value) {
      image[at] = value + (bias == nullptr ? 0.0F : bias[c]);
    });
  }

 private:
  // f(channel, where it lies in the image, its value here) for the pixels that the image has.
  template <typename F>
  void each_pixel(F&& f) const {
    const int64_t stride = problem_.stride, padding = problem_.padding, width = problem_.width;
    const int64_t begin = std::max<int64_t>(0, first_);
    const int64_t end = std::min(problem_.height, first_ + count_);
    for (int64_t c = 0; c < problem_.channels; ++c) {
      for (int64_t y = begin; y < end; ++y) {
        const int64_t row = (c * problem_.height + y) * width;
        for (int64_t phase = 0; phase < stride; ++phase) {
          float* line = tap(c, y, phase);
          int64_t i = ceil_div(std::max<int64_t>(0, padding - phase), stride);
          for (int64_t x = i * stride + phase - padding; x < width; x += stride, ++i)
            f(c, row + x, line[i]);
        }
      }
    }
  }

  const Problem& problem_;
  int64_t first_;
  int64_t count_;
  int64_t line_;  // floats of one phase of a row
  float* data_;
};

// Rows [begin, end) of the map, and the columns that belong to them: [taps, pixels].
struct Strip {
  const Problem& problem;
  int64_t begin;
  int64_t end;

  static int64_t rows(const Problem& p) {
    return std::clamp<int64_t>(kColumnFloats / (p.taps() * p.map_width()), 1, p.map_height());
  }
  int64_t pixels() const { return (end - begin) * problem.map_width(); }
  size_t floats() const { return static_cast<size_t>(problem.taps() * pixels()); }

  // f(channel, row of the image, column of the kernel, its columns) for every tap and row of the
  // map, such that what falls on one pixel of an image comes in the order of the map's rows.
  template <typename F>
  HWY_INLINE void each(float* columns, F&& f) const {
    const Problem& p = problem;
    const int64_t width = p.map_width(), line = (end - begin) * width;
    for (int64_t m = begin; m < end; ++m) {
      float* at = columns + (m - begin) * width;
      for (int64_t c = 0; c < p.channels; ++c) {
        for (int64_t i = 0; i < p.kernel; ++i) {
          const int64_t y = m * p.stride - p.padding + i;
          for (int64_t j = 0; j < p.kernel; ++j, at += line) f(c, y, j, at);
        }
      }
    }
  }

  void columns_of(const float* image, float* columns) const {
    ScratchFrame frame;
    const Rows rows(problem, begin * problem.stride - problem.padding,
                    (end - begin - 1) * problem.stride + problem.kernel, frame);
    rows.fill(image);
    const int64_t width = problem.map_width();
    each(columns, [&](int64_t c, int64_t y, int64_t j, float* at) {
      std::copy_n(rows.tap(c, y, j), width, at);
    });
  }
};

struct Sizes {
  explicit Sizes(const Problem& p)
      : image(p.channels * p.height * p.width), plane(p.map_height() * p.map_width()) {}
  int64_t image;  // floats of one
  int64_t plane;  // of the map
};

int64_t strips_of(const Problem& p) { return ceil_div(p.map_height(), Strip::rows(p)); }

Strip strip_at(const Problem& p, int64_t index) {
  const int64_t rows = Strip::rows(p);
  return {p, index * rows, std::min(p.map_height(), (index + 1) * rows)};
}

void forward_of(const Problem& p, const float* image, const float* weight, const float* bias,
                float* map, const Executor& executor) {
  const Sizes size(p);
  const int64_t strips = strips_of(p);
  executor.each(p.batch * strips, [&](int64_t item) {
    const Strip strip = strip_at(p, item % strips);
    const int64_t n = item / strips;
    ScratchFrame frame;
    float* columns = frame.floats(strip.floats());
    strip.columns_of(image + n * size.image, columns);
    float* out = map + n * p.filters * size.plane + strip.begin * p.map_width();
    for (int64_t f = 0; bias != nullptr && f < p.filters; ++f)
      std::fill_n(out + f * size.plane, strip.pixels(), bias[f]);
    multiply({.rows = p.filters,
              .columns = strip.pixels(),
              .depth = p.taps(),
              .a = {weight, p.taps(), 1},
              .b = {columns, strip.pixels(), 1},
              .bias = nullptr,
              .out = out,
              .out_stride = size.plane,
              .add = bias != nullptr},
             inline_executor());
  });
}

// Rows [begin, end) of one image.
void transposed_rows(const Problem& p, const float* map, const float* weight, const float* bias,
                     float* image, int64_t begin, int64_t end) {
  const Sizes size(p);
  ScratchFrame frame;
  const Rows sums(p, begin, end - begin, frame);
  const int64_t first = std::max<int64_t>(0, ceil_div(begin + p.padding - p.kernel + 1, p.stride));
  const int64_t last = std::min(p.map_height(), (end - 1 + p.padding) / p.stride + 1);
  const int64_t rows = Strip::rows(p), width = p.map_width();
  for (int64_t m = first; m < last; m += rows) {
    const Strip strip{p, m, std::min(last, m + rows)};
    ScratchFrame inner;
    float* columns = inner.floats(strip.floats());
    multiply({.rows = p.taps(),
              .columns = strip.pixels(),
              .depth = p.filters,
              .a = {weight, 1, p.taps()},
              .b = {map + m * width, size.plane, 1},
              .bias = nullptr,
              .out = columns,
              .out_stride = strip.pixels()},
             inline_executor());
    strip.each(columns, [&](int64_t c, int64_t y, int64_t j, const float* at) HWY_ATTR {
      if (y >= begin && y < end) add(at, sums.tap(c, y, j), width);
    });
  }
  sums.copy_to(image, bias);
}

void transposed_of(const Problem& p, const float* map, const float* weight, const float* bias,
                   float* image, const Executor& executor) {
  const Sizes size(p);
  // Rows of the map at the seams are multiplied twice: no more pieces than threads may want.
  const int64_t most = std::max<int64_t>(1, p.height / (4 * p.kernel));
  const int64_t rows = ceil_div(p.height, std::clamp<int64_t>(ceil_div(kPieces, p.batch), 1, most));
  const int64_t pieces = ceil_div(p.height, rows);
  executor.each(p.batch * pieces, [&](int64_t item) {
    const int64_t n = item / pieces, begin = item % pieces * rows;
    transposed_rows(p, map + n * p.filters * size.plane, weight, bias, image + n * size.image,
                    begin, std::min(p.height, begin + rows));
  });
}

void weight_gradient_of(const Problem& p, const float* image, const float* map, float* weight,
                        const Executor& executor) {
  const Sizes size(p);
  const int64_t strips = strips_of(p), all = p.batch * strips;
  const int64_t pieces = std::min(kPieces, all), floats = p.filters * p.taps();
  ScratchFrame frame;
  float* sums = frame.zeros(static_cast<size_t>(pieces * floats));
  executor.each(pieces, [&](int64_t piece) {
    for (int64_t item = piece * all / pieces; item < (piece + 1) * all / pieces; ++item) {
      const Strip strip = strip_at(p, item % strips);
      const int64_t n = item / strips;
      ScratchFrame inner;
      float* columns = inner.floats(strip.floats());
      strip.columns_of(image + n * size.image, columns);
      const float* rows = map + n * p.filters * size.plane + strip.begin * p.map_width();
      multiply({.rows = p.filters,
                .columns = p.taps(),
                .depth = strip.pixels(),
                .a = {rows, size.plane, 1},
                .b = {columns, 1, strip.pixels()},
                .bias = nullptr,
                .out = sums + piece * floats,
                .out_stride = p.taps(),
                .add = true},
               inline_executor());
    }
  });
  std::copy_n(sums, floats, weight);
  for (int64_t piece = 1; piece < pieces; ++piece) add(sums + piece * floats, weight, floats);
}

}  // namespace ganymede::ops::thin::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ganymede::ops::thin {

HWY_EXPORT(forward_of);
HWY_EXPORT(transposed_of);
HWY_EXPORT(weight_gradient_of);

void forward(const Problem& problem, const float* image, const float* weight, const float* bias,
             float* map, const Executor& executor) {
  HWY_DYNAMIC_DISPATCH(forward_of)(problem, image, weight, bias, map, executor);
}

void transposed(const Problem& problem, const float* map, const float* weight, const float* bias,
                float* image, const Executor& executor) {
  HWY_DYNAMIC_DISPATCH(transposed_of)(problem, map, weight, bias, image, executor);
}

void weight_gradient(const Problem& problem, const float* image, const float* map, float* weight,
                     const Executor& executor) {
  HWY_DYNAMIC_DISPATCH(weight_gradient_of)(problem, image, map, weight, executor);
}

}  // namespace ganymede::ops::thin
#endif
