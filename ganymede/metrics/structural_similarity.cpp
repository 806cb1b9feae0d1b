#include "ganymede/metrics/structural_similarity.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "ganymede/core/error.h"
#include "ganymede/core/random.h"
#include "ganymede/metrics/picture_arrays.h"

namespace ganymede::metrics {
namespace {

constexpr double kRange = 255;
constexpr double kC1 = (0.01 * kRange) * (0.01 * kRange);
constexpr double kC2 = (0.03 * kRange) * (0.03 * kRange);
constexpr int64_t kWindow = 11;
constexpr double kSigma = 1.5;
constexpr int64_t kMinLevelPx = 2;
constexpr std::array<double, 5> kLevelWeights = {0.0448, 0.2856, 0.3001, 0.2363, 0.1333};

void check_options(const at::Tensor& a, const FidelityOptions& options, int64_t min_px) {
  const int64_t side = std::min(a.size(2), a.size(3)) - 2 * options.border_px;
  if (options.border_px < 0 || side < min_px) {
    throw UsageError({.where = "metrics::FidelityOptions::border_px",
                      .found = std::to_string(options.border_px) + ", which leaves " +
                               std::to_string(side) + " px",
                      .allowed = "0 or more, with " + std::to_string(min_px) + " px left"});
  }
  if (options.luma && a.size(1) != 1 && a.size(1) != 3) {
    throw UsageError({.where = "metrics::FidelityOptions::luma",
                      .found = "pictures of " + std::to_string(a.size(1)) + " channels",
                      .allowed = "grey or RGB"});
  }
}

// Picture i as float64 [C, H, W], or [1, H, W] in luma, without its border.
at::Tensor prepared(const at::Tensor& images, int64_t i, const FidelityOptions& options) {
  const int64_t border = options.border_px;
  const at::Tensor x = images[i]
                           .narrow(1, border, images.size(2) - 2 * border)
                           .narrow(2, border, images.size(3) - 2 * border)
                           .to(at::kDouble);
  if (!options.luma || x.size(0) == 1) return x;
  const at::Tensor y = x[0] * 65.481 + x[1] * 128.553 + x[2] * 24.966;
  return (y / kRange + 16).unsqueeze(0);
}

using Compare = std::function<double(const at::Tensor& a, const at::Tensor& b)>;

at::Tensor compare_each(const at::Tensor& a, const at::Tensor& b, const FidelityOptions& options,
                        const Compare& compare) {
  return for_each_picture(a.size(0), [&](int64_t i) {
    return compare(prepared(a, i, options), prepared(b, i, options));
  });
}

double psnr_of(const at::Tensor& a, const at::Tensor& b) {
  const double error = (a - b).square().mean().item<double>();
  return 10 * std::log10(kRange * kRange / error);
}

// `size` values of a Gaussian around the middle, summing to 1.
std::vector<double> gaussian_window(int64_t size, double sigma) {
  std::vector<double> taps;
  double sum = 0;
  for (int64_t i = 0; i < size; ++i) {
    const double x = static_cast<double>(i) - static_cast<double>(size - 1) / 2;
    taps.push_back(std::exp(-x * x / (2 * sigma * sigma)));
    sum += taps.back();
  }
  for (double& tap : taps) tap /= sum;
  return taps;
}

struct Similarity {
  double structure;  // mean of contrast times structure
  double full;       // mean of luminance times contrast times structure
};

// a, b: float64 [C, H, W].
Similarity similarity(const at::Tensor& a, const at::Tensor& b) {
  const int64_t size = std::min({kWindow, a.size(1), a.size(2)});
  const double sigma = kSigma * static_cast<double>(size) / kWindow;
  const at::Tensor means =
      filter_valid(at::stack({a, b, a * a, b * b, a * b}), gaussian_window(size, sigma));
  const at::Tensor squares = means[0].square() + means[1].square();
  const at::Tensor product = means[0] * means[1];
  const at::Tensor structure =
      (2 * (means[4] - product) + kC2) / (means[2] + means[3] - squares + kC2);
  const at::Tensor luminance = (2 * product + kC1) / (squares + kC1);
  return {structure.mean().item<double>(), (structure * luminance).mean().item<double>()};
}

// Means of 2 x 2 pixels.
at::Tensor halved(const at::Tensor& x) {
  const auto pairs = [](const at::Tensor& t, int64_t dim) {
    const int64_t size = t.size(dim);
    const at::Tensor even = size % 2 == 0 ? t : at::cat({t, t.narrow(dim, size - 1, 1)}, dim);
    return even.unflatten(dim, {(size + 1) / 2, 2}).mean(dim + 1);
  };
  return pairs(pairs(x, 1), 2);
}

size_t levels_for(int64_t side) {
  size_t levels = 1;
  while (levels < kLevelWeights.size() && (side + 1) / 2 >= kMinLevelPx) {
    side = (side + 1) / 2;
    ++levels;
  }
  return levels;
}

double ms_ssim_of(at::Tensor a, at::Tensor b) {
  const size_t levels = levels_for(std::min(a.size(1), a.size(2)));
  double total = 0;
  for (size_t level = 0; level < levels; ++level) total += kLevelWeights[level];
  double result = 1;
  for (size_t level = 0; level < levels; ++level) {
    const Similarity s = similarity(a, b);
    const double term = level + 1 == levels ? s.full : s.structure;
    result *= std::pow(std::max(0.0, term), kLevelWeights[level] / total);
    if (level + 1 == levels) break;
    a = halved(a);
    b = halved(b);
  }
  return result;
}

}  // namespace

at::Tensor psnr_each(const at::Tensor& a, const at::Tensor& b, const FidelityOptions& options) {
  check_picture_pair(a, b, "metrics::psnr");
  check_options(a, options, 1);
  return compare_each(a, b, options, psnr_of);
}

double psnr(const at::Tensor& a, const at::Tensor& b, const FidelityOptions& options) {
  return mean_in_order(psnr_each(a, b, options));
}

at::Tensor l1_each(const at::Tensor& a, const at::Tensor& b, const FidelityOptions& options) {
  check_picture_pair(a, b, "metrics::l1");
  check_options(a, options, 1);
  return compare_each(a, b, options, [](const at::Tensor& x, const at::Tensor& y) {
    return (x - y).abs().mean().item<double>();
  });
}

at::Tensor ssim_each(const at::Tensor& a, const at::Tensor& b, const FidelityOptions& options) {
  check_picture_pair(a, b, "metrics::ssim");
  check_options(a, options, kWindow);
  return compare_each(a, b, options, [](const at::Tensor& x, const at::Tensor& y) {
    return similarity(x, y).full;
  });
}

double ssim(const at::Tensor& a, const at::Tensor& b, const FidelityOptions& options) {
  return mean_in_order(ssim_each(a, b, options));
}

at::Tensor ms_ssim_each(const at::Tensor& a, const at::Tensor& b) {
  check_picture_pair(a, b, "metrics::ms_ssim");
  return compare_each(a, b, {}, ms_ssim_of);
}

double ms_ssim(const at::Tensor& a, const at::Tensor& b) {
  return mean_in_order(ms_ssim_each(a, b));
}

double ms_ssim_diversity(const at::Tensor& images, int64_t pairs, uint64_t seed) {
  check_pictures(images, "metrics::ms_ssim_diversity");
  const auto count = static_cast<uint64_t>(images.size(0));
  if (count < 2 || pairs < 1) {
    throw UsageError(
        {.where = "metrics::ms_ssim_diversity",
         .found = std::to_string(count) + " pictures, " + std::to_string(pairs) + " pairs",
         .allowed = "two pictures and one pair, or more"});
  }
  const Stream keyed(seed, "ms-ssim pairs");
  const at::Tensor values = for_each_picture(pairs, [&](int64_t pair) {
    Stream stream = keyed.at(static_cast<uint64_t>(pair));
    const uint64_t first = stream.below(count);
    const uint64_t step = 1 + stream.below(count - 1);
    const auto second = static_cast<int64_t>((first + step) % count);
    return ms_ssim_of(prepared(images, static_cast<int64_t>(first), {}),
                      prepared(images, second, {}));
  });
  return mean_in_order(values);
}

}  // namespace ganymede::metrics
