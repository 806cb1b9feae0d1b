#include "ganymede/metrics/feature_resize.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>

#include "ganymede/core/error.h"
#include "ganymede/core/text.h"
#include "ganymede/media/resample.h"

namespace ganymede::metrics {
namespace {

constexpr int64_t kMaxSidePx = 65536;

at::Tensor as_float(const at::Tensor& images, int64_t height, int64_t width, const char* where) {
  const bool fits = images.dim() == 4 && images.numel() > 0 && images.size(2) <= kMaxSidePx &&
                    images.size(3) <= kMaxSidePx;
  if (!fits || !(images.is_floating_point() || images.scalar_type() == at::kByte)) {
    throw UsageError({.where = where,
                      .found = "images of a wrong shape or type",
                      .allowed = "uint8 or floating [N, C, H, W] with sides up to 65536"});
  }
  if (height < 1 || width < 1 || height > kMaxSidePx || width > kMaxSidePx) {
    throw UsageError({.where = where,
                      .found = std::to_string(height) + " x " + std::to_string(width),
                      .allowed = "sides of 1 to 65536"});
  }
  return images.to(at::kCPU, at::kFloat).contiguous();
}

// Rows [begin, end) of `width` samples each become rows of taps.windows.size() samples.
void resample_rows(const float* in, float* out, int64_t rows, int64_t width,
                   const media::Taps& taps) {
  for (int64_t y = 0; y < rows; ++y, in += width) {
    for (size_t x = 0; x < taps.windows.size(); ++x) {
      const auto [first, count] = taps.windows[x];
      const double* weights = taps.row(static_cast<int>(x));
      double sum = 0;
      for (int i = 0; i < count; ++i) sum += static_cast<double>(in[first + i]) * weights[i];
      *out++ = static_cast<float>(sum);
    }
  }
}

// One plane of `width` columns becomes taps.windows.size() rows.
void resample_columns(const float* in, float* out, int64_t width, const media::Taps& taps) {
  std::vector<double> sums(static_cast<size_t>(width));
  for (size_t y = 0; y < taps.windows.size(); ++y) {
    const auto [first, count] = taps.windows[y];
    std::ranges::fill(sums, 0.0);
    for (int i = 0; i < count; ++i) {
      const float* row = in + (first + i) * width;
      const double weight = taps.row(static_cast<int>(y))[i];
      for (size_t x = 0; x < sums.size(); ++x) sums[x] += static_cast<double>(row[x]) * weight;
    }
    out = std::ranges::transform(sums, out, [](double sum) { return static_cast<float>(sum); }).out;
  }
}

at::Tensor resample_width(const at::Tensor& images, int64_t width, media::Filter filter) {
  if (width == images.size(3)) return images;
  const media::Taps taps =
      media::make_taps(static_cast<int>(images.size(3)), static_cast<int>(width), filter);
  at::Tensor out = at::empty({images.size(0), images.size(1), images.size(2), width}, at::kFloat);
  const float* from = images.const_data_ptr<float>();
  float* to = out.data_ptr<float>();
  const int64_t in_width = images.size(3);
  at::parallel_for(0, images.numel() / in_width, 256, [&](int64_t begin, int64_t end) {
    resample_rows(from + begin * in_width, to + begin * width, end - begin, in_width, taps);
  });
  return out;
}

at::Tensor resample_height(const at::Tensor& images, int64_t height, media::Filter filter) {
  if (height == images.size(2)) return images;
  const media::Taps taps =
      media::make_taps(static_cast<int>(images.size(2)), static_cast<int>(height), filter);
  const int64_t width = images.size(3);
  at::Tensor out = at::empty({images.size(0), images.size(1), height, width}, at::kFloat);
  const float* from = images.const_data_ptr<float>();
  float* to = out.data_ptr<float>();
  const int64_t in_plane = images.size(2) * width;
  at::parallel_for(0, images.size(0) * images.size(1), 1, [&](int64_t begin, int64_t end) {
    for (int64_t plane = begin; plane < end; ++plane) {
      resample_columns(from + plane * in_plane, to + plane * height * width, width, taps);
    }
  });
  return out;
}

// Where TensorFlow looks for the samples of one direction, and how far between them.
struct Places {
  at::Tensor lower, upper;  // int64 [out]
  at::Tensor share;         // float32 [out]: of `upper`
};

Places tensorflow_places(int64_t in, int64_t out) {
  Places places{at::empty({out}, at::kLong), at::empty({out}, at::kLong),
                at::empty({out}, at::kFloat)};
  const float scale = static_cast<float>(in) / static_cast<float>(out);
  for (int64_t i = 0; i < out; ++i) {
    const float place = static_cast<float>(i) * scale;
    const auto lower = static_cast<int64_t>(std::floor(place));
    places.lower.data_ptr<int64_t>()[i] = lower;
    places.upper.data_ptr<int64_t>()[i] = std::min(lower + 1, in - 1);
    places.share.data_ptr<float>()[i] = place - static_cast<float>(lower);
  }
  return places;
}

// low + (high - low) * share, each operation rounded by itself as TensorFlow's were.
at::Tensor between(const at::Tensor& low, const at::Tensor& high, const at::Tensor& share) {
  return high.sub(low).mul_(share).add_(low);
}

}  // namespace

const std::vector<std::string>& resize_modes() {
  static const std::vector<std::string> modes = {"none", "clean", "legacy-pytorch",
                                                 "legacy-tensorflow"};
  return modes;
}

at::Tensor resize_antialiased(const at::Tensor& images, int64_t height, int64_t width,
                              media::Filter filter) {
  const at::NoGradGuard no_grad;
  const at::Tensor x = as_float(images, height, width, "metrics::resize_antialiased");
  return resample_height(resample_width(x, width, filter), height, filter);
}

at::Tensor resize_tensorflow(const at::Tensor& images, int64_t height, int64_t width) {
  const at::NoGradGuard no_grad;
  const at::Tensor x = as_float(images, height, width, "metrics::resize_tensorflow");
  const Places across = tensorflow_places(x.size(3), width);
  const Places down = tensorflow_places(x.size(2), height);
  const at::Tensor rows =
      between(x.index_select(3, across.lower), x.index_select(3, across.upper), across.share);
  return between(rows.index_select(2, down.lower), rows.index_select(2, down.upper),
                 down.share.unsqueeze(1));
}

at::Tensor resize_for_features(const at::Tensor& images, const std::string& mode, int64_t size_px) {
  constexpr const char* kWhere = "metrics::resize_for_features";
  const at::NoGradGuard no_grad;
  const at::Tensor x = as_float(images, size_px, size_px, kWhere);
  if (mode == "clean") {
    return resize_antialiased(x, size_px, size_px, media::Filter::kBicubic).clamp(0, 255);
  }
  if (mode == "legacy-pytorch") return at::upsample_bilinear2d(x, {size_px, size_px}, false);
  if (mode == "legacy-tensorflow") return resize_tensorflow(x, size_px, size_px);
  if (mode != "none") {
    throw UsageError(
        {.where = kWhere, .found = "mode \"" + mode + "\"", .allowed = join(resize_modes())});
  }
  if (x.size(2) == size_px && x.size(3) == size_px) return x;
  throw UsageError({.where = kWhere,
                    .found = "images of " + std::to_string(x.size(2)) + " x " +
                             std::to_string(x.size(3)) + " px without resizing",
                    .allowed = std::to_string(size_px) + " px"});
}

}  // namespace ganymede::metrics
