#include "ganymede/media/resize.h"

#include <algorithm>
#include <string>
#include <vector>

#include "ganymede/core/error.h"
#include "ganymede/media/resample.h"

namespace ganymede::media {
namespace {

constexpr int kPrecisionBits = 22;  // 32 - 8 bits of sample - 2 bits of head room
constexpr int kMaxSidePx = 65536;

// The weights of `taps` in fixed point.
struct FixedTaps {
  int stride = 0;
  std::vector<Taps::Window> windows;
  std::vector<int32_t> weights;
};

int32_t to_fixed(double weight) {
  const double scaled = weight * (1 << kPrecisionBits);
  return static_cast<int32_t>(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
}

FixedTaps fixed_taps(int in_size, int out_size, Filter filter) {
  const Taps taps = make_taps(in_size, out_size, filter);
  FixedTaps fixed{taps.stride, taps.windows, std::vector<int32_t>(taps.weights.size())};
  std::ranges::transform(taps.weights, fixed.weights.begin(), to_fixed);
  return fixed;
}

uint8_t clip(int32_t fixed) {
  return static_cast<uint8_t>(std::clamp(fixed >> kPrecisionBits, 0, 255));
}

template <int kChannels>
void horizontal_row(const uint8_t* from, uint8_t* to, const FixedTaps& taps) {
  for (size_t x = 0; x < taps.windows.size(); ++x, to += kChannels) {
    const auto [first, count] = taps.windows[x];
    const int32_t* weights = &taps.weights[x * taps.stride];
    const uint8_t* in = from + static_cast<size_t>(first) * kChannels;
    int32_t sums[kChannels];
    std::fill_n(sums, kChannels, 1 << (kPrecisionBits - 1));
    for (int i = 0; i < count; ++i, in += kChannels)
      for (int c = 0; c < kChannels; ++c) sums[c] += in[c] * weights[i];
    for (int c = 0; c < kChannels; ++c) to[c] = clip(sums[c]);
  }
}

Image resize_width(const Image& image, int width, Filter filter) {
  const FixedTaps taps = fixed_taps(image.width, width, filter);
  Image out = make_image(width, image.height, image.channels);
  constexpr void (*kRows[])(const uint8_t*, uint8_t*, const FixedTaps&) = {
      horizontal_row<1>, horizontal_row<2>, horizontal_row<3>, horizontal_row<4>};
  for (int y = 0; y < image.height; ++y) kRows[image.channels - 1](image.row(y), out.row(y), taps);
  return out;
}

Image resize_height(const Image& image, int height, Filter filter) {
  const FixedTaps taps = fixed_taps(image.height, height, filter);
  Image out = make_image(image.width, height, image.channels);
  std::vector<int32_t> sums(image.row_bytes());
  for (int y = 0; y < height; ++y) {
    std::fill(sums.begin(), sums.end(), 1 << (kPrecisionBits - 1));
    const auto [first, count] = taps.windows[y];
    for (int i = 0; i < count; ++i) {
      const int32_t weight = taps.weights[static_cast<size_t>(y) * taps.stride + i];
      const uint8_t* from = image.row(first + i);
      for (size_t s = 0; s < sums.size(); ++s) sums[s] += from[s] * weight;
    }
    std::transform(sums.begin(), sums.end(), out.row(y), clip);
  }
  return out;
}

uint8_t multiply_bytes(int a, int b) {
  const int t = a * b + 128;
  return static_cast<uint8_t>(((t >> 8) + t) >> 8);
}

void premultiply(Image& image) {
  const int colors = image.channels - 1;
  for (size_t i = 0; i < image.pixels.size(); i += image.channels)
    for (int c = 0; c < colors; ++c)
      image.pixels[i + c] = multiply_bytes(image.pixels[i + c], image.pixels[i + colors]);
}

void unpremultiply(Image& image) {
  const int colors = image.channels - 1;
  for (size_t i = 0; i < image.pixels.size(); i += image.channels) {
    const int alpha = image.pixels[i + colors];
    if (alpha == 0 || alpha == 255) continue;
    for (int c = 0; c < colors; ++c)
      image.pixels[i + c] = static_cast<uint8_t>(std::min(255 * image.pixels[i + c] / alpha, 255));
  }
}

}  // namespace

Image resize(const Image& image, int width, int height, Filter filter) {
  check_image(image, "resize");
  if (width < 1 || height < 1 || width > kMaxSidePx || height > kMaxSidePx)
    throw UsageError({.where = "resize",
                      .found = std::to_string(width) + " x " + std::to_string(height),
                      .allowed = "sides of 1 to 65536"});
  if (width == image.width && height == image.height) return image;
  Image out = image;
  if (image.has_alpha()) premultiply(out);
  if (width != image.width) out = resize_width(out, width, filter);
  if (height != image.height) out = resize_height(out, height, filter);
  if (image.has_alpha()) unpremultiply(out);
  return out;
}

Image crop(const Image& image, int x, int y, int width, int height) {
  check_image(image, "crop");
  const bool inside = x >= 0 && y >= 0 && width > 0 && height > 0 && width <= image.width - x &&
                      height <= image.height - y;
  if (!inside)
    throw UsageError({.where = "crop",
                      .found = std::to_string(width) + " x " + std::to_string(height) + " at (" +
                               std::to_string(x) + ", " + std::to_string(y) + ")",
                      .allowed = "a rectangle inside " + std::to_string(image.width) + " x " +
                                 std::to_string(image.height)});
  Image out = make_image(width, height, image.channels);
  for (int row = 0; row < height; ++row)
    std::copy_n(image.at(x, y + row), out.row_bytes(), out.row(row));
  return out;
}

Image center_crop_square(const Image& image) {
  const int side = std::min(image.width, image.height);
  return crop(image, (image.width - side) / 2, (image.height - side) / 2, side, side);
}

}  // namespace ganymede::media
