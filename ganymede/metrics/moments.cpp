#include "ganymede/metrics/moments.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace ganymede::metrics {
namespace {

std::vector<double> sorted(const at::Tensor& values) {
  const at::Tensor flat = values.to(at::kDouble).contiguous();
  const double* first = flat.const_data_ptr<double>();
  std::vector<double> result(first, first + flat.numel());
  std::sort(result.begin(), result.end());
  return result;
}

// Mean and the square of its standard error; false with fewer than two values.
bool mean_of(const at::Tensor& values, double& mean, double& error) {
  if (values.numel() < 2) return false;
  mean = values.mean().item<double>();
  error = values.var().item<double>() / static_cast<double>(values.numel());
  return true;
}

}  // namespace

const std::vector<std::string>& moment_names() {
  static const std::vector<std::string> names = {"integral",  "row",          "column",
                                                 "row width", "column width", "covariance"};
  return names;
}

at::Tensor event_moments(const at::Tensor& amounts, at::Tensor* kept) {
  at::Tensor events = amounts.to(at::kDouble);
  at::Tensor sum = events.sum({1, 2});
  const at::Tensor seen = (sum > 0).nonzero().flatten();
  if (kept != nullptr) *kept = seen;
  events = events.index_select(0, seen);
  sum = sum.index_select(0, seen);
  const at::Tensor weights = events / sum.reshape({-1, 1, 1});
  const at::Tensor rows = at::arange(events.size(1), at::kDouble).reshape({1, -1, 1});
  const at::Tensor columns = at::arange(events.size(2), at::kDouble).reshape({1, 1, -1});
  const auto expectation = [&](const at::Tensor& values) { return (weights * values).sum({1, 2}); };
  const at::Tensor row = expectation(rows), column = expectation(columns);
  const at::Tensor from_row = rows - row.reshape({-1, 1, 1});
  const at::Tensor from_column = columns - column.reshape({-1, 1, 1});
  return at::stack({sum, row, column, expectation(from_row.square()),
                    expectation(from_column.square()), expectation(from_row * from_column)},
                   1);
}

double ks_distance(const at::Tensor& a, const at::Tensor& b) {
  const std::vector<double> left = sorted(a), right = sorted(b);
  double most = 0;
  size_t i = 0, j = 0;
  while (i < left.size() && j < right.size()) {
    const double value = std::min(left[i], right[j]);
    while (i < left.size() && left[i] == value) ++i;
    while (j < right.size() && right[j] == value) ++j;
    most = std::max(most, std::abs(static_cast<double>(i) / static_cast<double>(left.size()) -
                                   static_cast<double>(j) / static_cast<double>(right.size())));
  }
  return most;
}

double profile_chi2(const at::Tensor& real, const at::Tensor& real_parameter,
                    const at::Tensor& fake, const at::Tensor& fake_parameter, int64_t bins) {
  const std::vector<double> places = sorted(real_parameter);
  double sum = 0;
  int64_t used = 0;
  for (int64_t bin = 0; bin < bins; ++bin) {
    const auto count = static_cast<int64_t>(places.size());
    const bool last = bin + 1 == bins;
    const double low = places[static_cast<size_t>(bin * count / bins)];
    const double high =
        last ? places.back() : places[static_cast<size_t>((bin + 1) * count / bins)];
    const auto inside = [&](const at::Tensor& values, const at::Tensor& parameter) {
      const at::Tensor below = last ? parameter <= high : parameter < high;
      return values.masked_select((parameter >= low).logical_and(below));
    };
    double mean_real = 0, error_real = 0, mean_fake = 0, error_fake = 0;
    if (!mean_of(inside(real, real_parameter), mean_real, error_real)) continue;
    if (!mean_of(inside(fake, fake_parameter), mean_fake, error_fake)) continue;
    const double error = error_real + error_fake;
    if (error <= 0) continue;
    sum += (mean_real - mean_fake) * (mean_real - mean_fake) / error;
    ++used;
  }
  return used > 0 ? sum / static_cast<double>(used) : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace ganymede::metrics
