#include "ganymede/metrics/table/shapes.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "ganymede/metrics/score.h"

namespace ganymede::metrics {
namespace {

constexpr double kDecimals = 1e14;  // sdmetrics rounds to 14 decimals
constexpr double kUnseen = 1e-6;    // rows of a category that reals do not have

std::vector<double> sorted_values(const std::vector<double>& values) {
  std::vector<double> present;
  for (const double value : values) {
    if (std::isnan(value)) continue;
    const double scaled = value * kDecimals;
    present.push_back(std::isinf(scaled) ? value : std::nearbyint(scaled) / kDecimals);
  }
  std::sort(present.begin(), present.end());
  return present;
}

using Counts = std::map<int32_t, double>;

Counts counts_of(const std::vector<int32_t>& codes) {
  Counts counts;
  for (const int32_t code : codes) {
    if (code >= 0) counts[code] += 1;
  }
  return counts;
}

double total(const Counts& counts) {
  double sum = 0;
  for (const auto& [code, count] : counts) sum += count;
  return sum;
}

}  // namespace

double ks_complement(const std::vector<double>& real, const std::vector<double>& synthetic) {
  const std::vector<double> a = sorted_values(real), b = sorted_values(synthetic);
  if (a.empty() || b.empty()) return kUnknown;
  double largest = 0;
  size_t i = 0, j = 0;
  while (i < a.size() && j < b.size()) {
    const double value = std::min(a[i], b[j]);
    while (i < a.size() && a[i] == value) ++i;
    while (j < b.size() && b[j] == value) ++j;
    const double difference = static_cast<double>(i) / static_cast<double>(a.size()) -
                              static_cast<double>(j) / static_cast<double>(b.size());
    largest = std::max(largest, std::abs(difference));
  }
  return 1 - largest;
}

double tv_complement(const std::vector<int32_t>& real, const std::vector<int32_t>& synthetic) {
  Counts a = counts_of(real);
  const Counts b = counts_of(synthetic);
  if (a.empty() || b.empty()) return kUnknown;
  for (const auto& [code, count] : b) a.try_emplace(code, kUnseen);
  const double a_total = total(a), b_total = total(b);
  double variation = 0;
  for (const auto& [code, count] : a) {
    const auto found = b.find(code);
    const double other = found == b.end() ? 0 : found->second / b_total;
    variation += std::abs(other - count / a_total);
  }
  return 1 - 0.5 * variation;
}

std::vector<ColumnShape> column_shapes(const PlainTable& real, const PlainTable& synthetic) {
  check_comparable(real, synthetic);
  std::vector<ColumnShape> shapes;
  for (size_t i = 0; i < real.columns.size(); ++i) {
    const PlainColumn& a = real.columns[i];
    const PlainColumn& b = synthetic.columns[i];
    shapes.push_back({a.name, a.numeric ? ks_complement(a.numbers, b.numbers)
                                        : tv_complement(a.codes, b.codes)});
  }
  return shapes;
}

double mean_shape(const std::vector<ColumnShape>& shapes) {
  double sum = 0;
  int64_t known = 0;
  for (const ColumnShape& shape : shapes) {
    if (std::isnan(shape.score)) continue;
    sum += shape.score;
    ++known;
  }
  return known == 0 ? kUnknown : sum / static_cast<double>(known);
}

}  // namespace ganymede::metrics
