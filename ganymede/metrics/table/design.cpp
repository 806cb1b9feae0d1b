#include "ganymede/metrics/table/design.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace ganymede::metrics {
namespace {

double mean_of(const std::vector<double>& values) {
  double sum = 0, count = 0;
  for (const double value : values) {
    if (std::isnan(value)) continue;
    sum += value;
    ++count;
  }
  return count == 0 ? 0 : sum / count;
}

// Row `share` * (N - 1) of the sorted columns, between rows by interpolation.
at::Tensor quantile_of(const at::Tensor& sorted, double share) {
  const double place = share * static_cast<double>(sorted.size(0) - 1);
  const auto below = static_cast<int64_t>(place);
  const int64_t above = std::min(below + 1, sorted.size(0) - 1);
  return at::lerp(sorted[below], sorted[above], place - static_cast<double>(below));
}

}  // namespace

Design::Design(const PlainTable& table, Categories categories, std::vector<size_t> without)
    : categories_(categories) {
  for (size_t i = 0; i < table.columns.size(); ++i) {
    if (std::find(without.begin(), without.end(), i) != without.end()) continue;
    const PlainColumn& column = table.columns[i];
    Part part{.column = i, .first = features_};
    const bool one_hot = categories == Categories::kOneHot;
    part.fallback = one_hot ? mean_of(column.numbers) : std::numeric_limits<double>::quiet_NaN();
    if (!column.numeric && one_hot) part.width = static_cast<int64_t>(column.categories.size()) + 1;
    features_ += part.width;
    parts_.push_back(part);
  }
}

at::Tensor Design::features_of(const PlainTable& table) const {
  at::Tensor features = at::zeros({table.rows(), features_}, at::kDouble);
  double* out = features.data_ptr<double>();
  for (const Part& part : parts_) {
    const PlainColumn& column = table.columns[part.column];
    for (int64_t row = 0; row < table.rows(); ++row) {
      double* to = out + row * features_ + part.first;
      const auto at = static_cast<size_t>(row);
      if (column.numeric) {
        *to = std::isnan(column.numbers[at]) ? part.fallback : column.numbers[at];
      } else if (categories_ == Categories::kCodes) {
        *to = column.codes[at];
      } else {
        to[column.codes[at] < 0 ? part.width - 1 : column.codes[at]] = 1;
      }
    }
  }
  return features;
}

RobustScale::RobustScale(const at::Tensor& fit) {
  const at::Tensor sorted = std::get<0>(fit.sort(0));
  center_ = quantile_of(sorted, 0.5);
  scale_ = quantile_of(sorted, 0.75) - quantile_of(sorted, 0.25);
  constexpr double kNothing = 10 * std::numeric_limits<double>::epsilon();
  scale_ = at::where(scale_ < kNothing, at::ones_like(scale_), scale_);
}

at::Tensor RobustScale::operator()(const at::Tensor& x) const { return (x - center_) / scale_; }

}  // namespace ganymede::metrics
