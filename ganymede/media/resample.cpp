#include "ganymede/media/resample.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace ganymede::media {
namespace {

double box(double x) { return x > -0.5 && x <= 0.5 ? 1.0 : 0.0; }

double bilinear(double x) {
  x = std::abs(x);
  return x < 1.0 ? 1.0 - x : 0.0;
}

double bicubic(double x) {
  constexpr double kA = -0.5;
  x = std::abs(x);
  if (x < 1.0) return ((kA + 2.0) * x - (kA + 3.0)) * x * x + 1.0;
  if (x < 2.0) return (((x - 5.0) * x + 8.0) * x - 4.0) * kA;
  return 0.0;
}

double sinc(double x) {
  if (x == 0.0) return 1.0;
  x *= std::numbers::pi;
  return std::sin(x) / x;
}

double lanczos(double x) { return -3.0 <= x && x < 3.0 ? sinc(x) * sinc(x / 3.0) : 0.0; }

struct Kernel {
  double (*weight)(double);
  double support;
};

Kernel kernel_of(Filter filter) {
  switch (filter) {
    case Filter::kBox:
      return {box, 0.5};
    case Filter::kBilinear:
      return {bilinear, 1.0};
    case Filter::kBicubic:
      return {bicubic, 2.0};
    case Filter::kLanczos:
      break;
  }
  return {lanczos, 3.0};
}

}  // namespace

Taps make_taps(int in_size, int out_size, Filter filter) {
  const Kernel kernel = kernel_of(filter);
  const double scale = static_cast<double>(in_size) / out_size;
  const double filter_scale = std::max(scale, 1.0);
  const double support = kernel.support * filter_scale;
  Taps taps;
  taps.stride = static_cast<int>(std::ceil(support)) * 2 + 1;
  taps.windows.resize(static_cast<size_t>(out_size));
  taps.weights.assign(static_cast<size_t>(out_size) * static_cast<size_t>(taps.stride), 0);
  for (int out = 0; out < out_size; ++out) {
    double* row = &taps.weights[static_cast<size_t>(out) * static_cast<size_t>(taps.stride)];
    const double center = (out + 0.5) * scale;
    const int first = std::max(static_cast<int>(std::floor(center - support + 0.5)), 0);
    const int count =
        std::min(static_cast<int>(std::floor(center + support + 0.5)), in_size) - first;
    double total = 0.0;
    for (int i = 0; i < count; ++i) {
      row[i] = kernel.weight((i + first - center + 0.5) * (1.0 / filter_scale));
      total += row[i];
    }
    for (int i = 0; i < count && total != 0.0; ++i) row[i] /= total;
    taps.windows[static_cast<size_t>(out)] = {first, count};
  }
  return taps;
}

}  // namespace ganymede::media
