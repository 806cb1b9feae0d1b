#include "ganymede/data/table/association.h"

#include <algorithm>
#include <cmath>

namespace ganymede::data {
namespace {

// One column as numbers or codes; NaN and -1 where missing.
struct View {
  const std::vector<double>* numbers = nullptr;
  const std::vector<int32_t>* codes = nullptr;
  size_t categories = 0;
};

View view_of(const Table& table, int64_t column) {
  const Column& form = table.column(column);
  View view;
  if (form.is_continuous()) view.numbers = &table.cells(column).numbers;
  if (form.is_discrete()) {
    view.codes = &table.cells(column).codes;
    view.categories = form.categories.size();
  }
  return view;
}

double pearson(const std::vector<double>& a, const std::vector<double>& b) {
  double n = 0, sum_a = 0, sum_b = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    if (std::isnan(a[i]) || std::isnan(b[i])) continue;
    ++n;
    sum_a += a[i];
    sum_b += b[i];
  }
  if (n < 2) return 0;
  double ab = 0, aa = 0, bb = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    if (std::isnan(a[i]) || std::isnan(b[i])) continue;
    const double x = a[i] - sum_a / n, y = b[i] - sum_b / n;
    ab += x * y;
    aa += x * x;
    bb += y * y;
  }
  return aa > 0 && bb > 0 ? ab / std::sqrt(aa * bb) : 0;
}

// Square root of the share of the variance that lies between the categories.
double correlation_ratio(const std::vector<double>& numbers, const std::vector<int32_t>& codes,
                         size_t categories) {
  std::vector<double> count(categories, 0.0), sum(categories, 0.0);
  double n = 0, total = 0;
  for (size_t i = 0; i < numbers.size(); ++i) {
    if (std::isnan(numbers[i]) || codes[i] < 0) continue;
    count[static_cast<size_t>(codes[i])] += 1;
    sum[static_cast<size_t>(codes[i])] += numbers[i];
    ++n;
    total += numbers[i];
  }
  if (n < 2) return 0;
  double between = 0, all = 0;
  for (size_t c = 0; c < categories; ++c) {
    if (count[c] > 0) between += count[c] * std::pow(sum[c] / count[c] - total / n, 2);
  }
  for (size_t i = 0; i < numbers.size(); ++i) {
    if (!std::isnan(numbers[i]) && codes[i] >= 0) all += std::pow(numbers[i] - total / n, 2);
  }
  return all > 0 ? std::sqrt(std::clamp(between / all, 0.0, 1.0)) : 0;
}

double cramers_v(const View& a, const View& b) {
  std::vector<double> joint(a.categories * b.categories, 0.0);
  std::vector<double> rows(a.categories, 0.0), columns(b.categories, 0.0);
  double n = 0;
  for (size_t i = 0; i < a.codes->size(); ++i) {
    if ((*a.codes)[i] < 0 || (*b.codes)[i] < 0) continue;
    const auto row = static_cast<size_t>((*a.codes)[i]),
               column = static_cast<size_t>((*b.codes)[i]);
    joint[row * b.categories + column] += 1;
    rows[row] += 1;
    columns[column] += 1;
    ++n;
  }
  double chi = 0;
  for (size_t r = 0; r < a.categories; ++r) {
    for (size_t c = 0; c < b.categories; ++c) {
      const double expected = rows[r] * columns[c] / std::max(n, 1.0);
      if (expected > 0) chi += std::pow(joint[r * b.categories + c] - expected, 2) / expected;
    }
  }
  const auto used = [](const std::vector<double>& counts) {
    return static_cast<double>(
        std::count_if(counts.begin(), counts.end(), [](double v) { return v > 0; }));
  };
  const double freedom = std::min(used(rows), used(columns)) - 1;
  return n > 0 && freedom > 0 ? std::sqrt(std::min(chi / (n * freedom), 1.0)) : 0;
}

double association(const View& a, const View& b) {
  if (a.numbers != nullptr && b.numbers != nullptr) return pearson(*a.numbers, *b.numbers);
  if (a.codes != nullptr && b.codes != nullptr) return cramers_v(a, b);
  const View& number = a.numbers != nullptr ? a : b;
  const View& category = a.numbers != nullptr ? b : a;
  if (number.numbers == nullptr || category.codes == nullptr) return 0;
  return correlation_ratio(*number.numbers, *category.codes, category.categories);
}

}  // namespace

std::vector<double> associations(const Table& table, const std::vector<int64_t>& columns) {
  const size_t n = columns.size();
  std::vector<double> result(n * n, 1.0);
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = 0; j < i; ++j) {
      const double value = association(view_of(table, columns[i]), view_of(table, columns[j]));
      result[i * n + j] = result[j * n + i] = value;
    }
  }
  return result;
}

}  // namespace ganymede::data
