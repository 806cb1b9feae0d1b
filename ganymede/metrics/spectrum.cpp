#include "ganymede/metrics/spectrum.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "ganymede/core/error.h"
#include "ganymede/metrics/picture_arrays.h"

namespace ganymede::metrics {
namespace {

constexpr int64_t kBlock = 64;

// Mean power of each frequency, float64 [H, W], in the order of the transform.
at::Tensor mean_power(const at::Tensor& images) {
  const auto pixels = static_cast<double>(images.size(2) * images.size(3));
  at::Tensor sum = at::zeros({images.size(2), images.size(3)}, at::kDouble);
  for (int64_t first = 0; first < images.size(0); first += kBlock) {
    const int64_t count = std::min(kBlock, images.size(0) - first);
    const at::Tensor x = images.narrow(0, first, count).to(at::kDouble).div_(255);
    sum.add_((at::fft_fft2(x).abs() / pixels).square_().sum(at::IntArrayRef{0, 1}));
  }
  return sum / static_cast<double>(images.size(0) * images.size(1));
}

// Signed frequency of entry i of a transform of `size`, in cycles per pixel.
double frequency(int64_t i, int64_t size) {
  return static_cast<double>(i <= size / 2 ? i : i - size) / static_cast<double>(size);
}

}  // namespace

std::vector<double> radial_power_spectrum(const at::Tensor& images) {
  check_pictures(images, "metrics::radial_power_spectrum");
  const at::Tensor power = mean_power(images).contiguous();
  const int64_t height = power.size(0);
  const int64_t width = power.size(1);
  const int64_t side = std::min(height, width);
  const double* value = power.data_ptr<double>();
  std::vector<double> sums(static_cast<size_t>(side / 2 + 1), 0.0);
  std::vector<double> counts(sums.size(), 0.0);
  for (int64_t y = 0; y < height; ++y) {
    for (int64_t x = 0; x < width; ++x) {
      const double radius = std::hypot(frequency(y, height), frequency(x, width));
      const auto bin = static_cast<size_t>(std::lround(radius * static_cast<double>(side)));
      if (bin >= sums.size()) continue;  // the corners
      sums[bin] += value[y * width + x];
      counts[bin] += 1;
    }
  }
  for (size_t k = 0; k < sums.size(); ++k) sums[k] /= counts[k];
  return sums;
}

double spectrum_distance(const at::Tensor& real, const at::Tensor& fake) {
  check_picture_pair(real, fake, "metrics::spectrum_distance", true);
  if (std::min(real.size(2), real.size(3)) < 2) {
    throw UsageError({.where = "metrics::spectrum_distance",
                      .found = "pictures one pixel high or wide",
                      .allowed = "2 px or more"});
  }
  const std::vector<double> p = radial_power_spectrum(real);
  const std::vector<double> q = radial_power_spectrum(fake);
  const double floor = 1 / (12.0 * 255 * 255 * static_cast<double>(real.size(2) * real.size(3)));
  double sum = 0;
  for (size_t k = 1; k < p.size(); ++k)
    sum += std::abs(10 * std::log10(std::max(p[k], floor) / std::max(q[k], floor)));
  return sum / static_cast<double>(p.size() - 1);
}

}  // namespace ganymede::metrics
