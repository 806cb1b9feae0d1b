#include "ganymede/media/blur.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "ganymede/core/error.h"
#include "ganymede/media/mirror.h"

namespace ganymede::media {
namespace {

constexpr double kMaxSigmaPx = 100;

std::vector<double> kernel_of(double sigma, int radius) {
  std::vector<double> taps;
  double sum = 0;
  for (int i = -radius; i <= radius; ++i) {
    taps.push_back(std::exp(-0.5 * i * i / (sigma * sigma)));
    sum += taps.back();
  }
  for (double& tap : taps) tap /= sum;
  return taps;
}

}  // namespace

int blur_radius(double sigma) { return static_cast<int>(4 * sigma + 0.5); }

Image gaussian_blur(const Image& image, double sigma) {
  check_image(image, "blur");
  if (!(sigma >= 0) || sigma > kMaxSigmaPx)
    throw UsageError({.where = "blur", .found = std::to_string(sigma), .allowed = "0 to 100 px"});
  const int radius = blur_radius(sigma);
  if (radius == 0) return image;
  const std::vector<double> taps = kernel_of(sigma, radius);
  const auto channels = static_cast<size_t>(image.channels);
  std::vector<double> across(image.pixels.size());
  double* to = across.data();
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x, to += channels) {
      for (int i = -radius; i <= radius; ++i) {
        const uint8_t* from = image.at(mirrored(x + i, image.width), y);
        for (size_t c = 0; c < channels; ++c) to[c] += taps[i + radius] * from[c];
      }
    }
  }
  Image out = make_image(image.width, image.height, image.channels);
  std::vector<double> sums(image.row_bytes());
  for (int y = 0; y < image.height; ++y) {
    std::fill(sums.begin(), sums.end(), 0.0);
    for (int i = -radius; i <= radius; ++i) {
      const double* from = &across[mirrored(y + i, image.height) * image.row_bytes()];
      for (size_t s = 0; s < sums.size(); ++s) sums[s] += taps[i + radius] * from[s];
    }
    std::transform(sums.begin(), sums.end(), out.row(y), [](double value) {
      return static_cast<uint8_t>(std::clamp(std::floor(value + 0.5), 0.0, 255.0));
    });
  }
  return out;
}

}  // namespace ganymede::media
