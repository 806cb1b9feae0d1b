#include "ganymede/media/bicubic.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "ganymede/core/error.h"
#include "ganymede/media/mirror.h"
#include "ganymede/media/resize.h"

namespace ganymede::media {
namespace {

constexpr int kMaxSidePx = 65536;

double cubic(double x) {
  x = std::abs(x);
  if (x <= 1.0) return (1.5 * x - 2.5) * x * x + 1.0;
  if (x <= 2.0) return ((-0.5 * x + 2.5) * x - 4.0) * x + 2.0;
  return 0.0;
}

// For every output sample `count` input samples and their weights.
struct Contributions {
  int count = 0;
  std::vector<int> from;
  std::vector<double> weights;
};

Contributions contributions(int in_size, int out_size) {
  const double scale = static_cast<double>(out_size) / in_size;
  const double shrink = std::min(scale, 1.0);
  const double width = 4.0 / shrink;
  Contributions found;
  found.count = static_cast<int>(std::ceil(width)) + 2;
  for (int out = 0; out < out_size; ++out) {
    const double center = (out + 0.5) / scale - 0.5;
    // One sample further to the left than needed, as there, where positions begin at 1.
    const int left = static_cast<int>(std::floor(center + 1 - width / 2)) - 1;
    const size_t begin = found.weights.size();
    double sum = 0;
    for (int i = left; i < left + found.count; ++i) {
      found.from.push_back(mirrored(i, in_size));
      found.weights.push_back(shrink * cubic(shrink * (center - i)));
      sum += found.weights.back();
    }
    for (size_t i = begin; i < found.weights.size(); ++i) found.weights[i] /= sum;
  }
  return found;
}

uint8_t rounded(double value) {
  return static_cast<uint8_t>(std::clamp(std::floor(value + 0.5), 0.0, 255.0));
}

Image resize_width(const Image& image, int width) {
  const Contributions taps = contributions(image.width, width);
  const auto count = static_cast<size_t>(taps.count);
  Image out = make_image(width, image.height, image.channels);
  for (int y = 0; y < image.height; ++y) {
    uint8_t* to = out.row(y);
    for (size_t x = 0; x < static_cast<size_t>(width); ++x) {
      for (int c = 0; c < image.channels; ++c) {
        double sum = 0;
        for (size_t i = x * count; i < (x + 1) * count; ++i)
          sum += taps.weights[i] * *(image.at(taps.from[i], y) + c);
        *to++ = rounded(sum);
      }
    }
  }
  return out;
}

Image resize_height(const Image& image, int height) {
  const Contributions taps = contributions(image.height, height);
  const auto count = static_cast<size_t>(taps.count);
  Image out = make_image(image.width, height, image.channels);
  std::vector<double> sums(image.row_bytes());
  for (int y = 0; y < height; ++y) {
    std::fill(sums.begin(), sums.end(), 0.0);
    for (size_t i = static_cast<size_t>(y) * count; i < static_cast<size_t>(y + 1) * count; ++i) {
      if (taps.weights[i] == 0) continue;
      const uint8_t* from = image.row(taps.from[i]);
      for (size_t s = 0; s < sums.size(); ++s) sums[s] += taps.weights[i] * from[s];
    }
    std::transform(sums.begin(), sums.end(), out.row(y), rounded);
  }
  return out;
}

}  // namespace

Image bicubic(const Image& image, int width, int height) {
  check_image(image, "bicubic");
  if (width < 1 || height < 1 || width > kMaxSidePx || height > kMaxSidePx) {
    throw UsageError({.where = "bicubic",
                      .found = std::to_string(width) + " x " + std::to_string(height),
                      .allowed = "sides of 1 to 65536"});
  }
  const bool width_first =
      static_cast<double>(width) / image.width < static_cast<double>(height) / image.height;
  Image out = image;
  if (width_first && width != out.width) out = resize_width(out, width);
  if (height != out.height) out = resize_height(out, height);
  if (!width_first && width != out.width) out = resize_width(out, width);
  return out;
}

Image crop_to_multiple(const Image& image, int multiple) {
  const int width = image.width / multiple * multiple;
  const int height = image.height / multiple * multiple;
  if (width == image.width && height == image.height) return image;
  return crop(image, 0, 0, width, height);
}

}  // namespace ganymede::media
