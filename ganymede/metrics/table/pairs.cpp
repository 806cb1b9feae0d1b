#include "ganymede/metrics/table/pairs.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <unordered_map>

#include "ganymede/metrics/score.h"

namespace ganymede::metrics {
namespace {

constexpr int32_t kBins = 10;

using Cells = std::unordered_map<int64_t, double>;

int64_t cell_of(const DiscretePair& pair, size_t row) {
  const auto high = static_cast<int64_t>((*pair.first)[row]);
  return high * (int64_t{1} << 32) + (*pair.second)[row];
}

Cells cells_of(const DiscretePair& pair) {
  Cells cells;
  for (size_t row = 0; row < pair.first->size(); ++row) cells[cell_of(pair, row)] += 1;
  return cells;
}

bool constant(const std::vector<double>& values) {
  double first = kUnknown;
  for (const double value : values) {
    if (std::isnan(value)) continue;
    if (std::isnan(first)) first = value;
    if (value != first) return false;
  }
  return true;
}

// Columns as codes: categorical ones as they are, numeric ones in bins.
std::vector<std::vector<int32_t>> discrete_columns(const PlainTable& table) {
  std::vector<std::vector<int32_t>> result;
  for (const PlainColumn& column : table.columns)
    result.push_back(column.numeric ? ten_bins(column.numbers) : column.codes);
  return result;
}

PairTrend correlation_trend(const PlainColumn& a, const PlainColumn& b, const PlainColumn& c,
                            const PlainColumn& d, double least) {
  PairTrend trend;
  trend.real = trend.synthetic = trend.score = kUnknown;
  trend.counts = false;
  const bool flat =
      constant(a.numbers) || constant(b.numbers) || constant(c.numbers) || constant(d.numbers);
  if (flat) return trend;
  trend.real = pearson(a.numbers, b.numbers);
  trend.synthetic = pearson(c.numbers, d.numbers);
  trend.score = 1 - std::abs(trend.real - trend.synthetic) / 2;
  trend.counts = least <= 0 || std::abs(trend.real) > least;
  return trend;
}

PairTrend contingency_trend(const DiscretePair& real, const DiscretePair& synthetic, double least) {
  PairTrend trend;
  trend.kind = PairKind::kContingency;
  trend.real = cramers_v(real);
  trend.synthetic = kUnknown;
  trend.score = contingency_similarity(real, synthetic);
  trend.counts = least <= 0 || trend.real > least;
  return trend;
}

}  // namespace

double pearson(const std::vector<double>& a, const std::vector<double>& b) {
  double n = 0, mean_a = 0, mean_b = 0;
  const auto each = [&](const auto& visit) {
    for (size_t i = 0; i < a.size(); ++i) {
      if (!std::isnan(a[i]) && !std::isnan(b[i])) visit(a[i], b[i]);
    }
  };
  each([&](double x, double y) { ++n, mean_a += x, mean_b += y; });
  if (n < 2) return kUnknown;
  mean_a /= n;
  mean_b /= n;
  double aa = 0, bb = 0, ab = 0;
  each([&](double x, double y) {
    aa += (x - mean_a) * (x - mean_a);
    bb += (y - mean_b) * (y - mean_b);
    ab += (x - mean_a) * (y - mean_b);
  });
  if (aa == 0 || bb == 0) return kUnknown;
  return std::clamp(ab / std::sqrt(aa) / std::sqrt(bb), -1.0, 1.0);
}

double contingency_similarity(const DiscretePair& real, const DiscretePair& synthetic) {
  const Cells p = cells_of(real);
  Cells q = cells_of(synthetic);
  const auto p_rows = static_cast<double>(real.first->size());
  const auto q_rows = static_cast<double>(synthetic.first->size());
  double variation = 0;
  for (const auto& [cell, count] : p) {
    const auto found = q.find(cell);
    variation += std::abs(count / p_rows - (found == q.end() ? 0 : found->second / q_rows));
    if (found != q.end()) q.erase(found);
  }
  for (const auto& [cell, count] : q) variation += count / q_rows;
  return 1 - variation / 2;
}

double cramers_v(const DiscretePair& pair) {
  std::map<int32_t, double> rows, columns;
  std::map<std::pair<int32_t, int32_t>, double> cells;
  double n = 0;
  for (size_t row = 0; row < pair.first->size(); ++row) {
    const int32_t a = (*pair.first)[row], b = (*pair.second)[row];
    ++n;
    rows[a] += 1;
    columns[b] += 1;
    cells[{a, b}] += 1;
  }
  if (rows.size() < 2 || columns.size() < 2) return kUnknown;
  // chi^2 / n = sum of n_ij^2 / (n_i n_j) - 1
  double phi = -1;
  for (const auto& [cell, count] : cells)
    phi += count * count / (rows[cell.first] * columns[cell.second]);
  const auto freedom = static_cast<double>(std::min(rows.size(), columns.size()) - 1);
  return std::sqrt(std::max(phi, 0.0) / freedom);
}

std::vector<int32_t> ten_bins(const std::vector<double>& values) {
  double low = kUnknown, high = kUnknown;
  for (const double value : values) {
    if (std::isnan(value)) continue;
    low = std::isnan(low) ? value : std::min(low, value);
    high = std::isnan(high) ? value : std::max(high, value);
  }
  if (std::isnan(low)) low = 0, high = 1;
  if (low == high) low -= 0.5, high += 0.5;
  std::vector<double> edges;  // numpy.linspace
  const double step = (high - low) / kBins;
  for (int32_t i = 0; i < kBins; ++i) edges.push_back(i * step + low);
  edges.push_back(high);
  std::vector<int32_t> codes;
  for (const double value : values) {
    const auto after =
        std::isnan(value) ? edges.end() : std::upper_bound(edges.begin(), edges.end(), value);
    codes.push_back(static_cast<int32_t>(after - edges.begin()) - 1);
  }
  return codes;
}

std::vector<PairTrend> pair_trends(const PlainTable& real, const PlainTable& synthetic,
                                   const PairOptions& options) {
  check_comparable(real, synthetic);
  const auto p = discrete_columns(real), q = discrete_columns(synthetic);
  std::vector<PairTrend> trends;
  for (size_t i = 0; i < real.columns.size(); ++i) {
    for (size_t j = i + 1; j < real.columns.size(); ++j) {
      const bool numeric = real.columns[i].numeric && real.columns[j].numeric;
      trends.push_back(
          numeric ? correlation_trend(real.columns[i], real.columns[j], synthetic.columns[i],
                                      synthetic.columns[j], options.least_correlation)
                  : contingency_trend({&p[i], &p[j]}, {&q[i], &q[j]}, options.least_association));
      trends.back().first = i;
      trends.back().second = j;
    }
  }
  return trends;
}

double mean_trend(const std::vector<PairTrend>& trends) {
  double sum = 0;
  int64_t known = 0;
  for (const PairTrend& trend : trends) {
    if (!trend.counts || std::isnan(trend.score)) continue;
    sum += trend.score;
    ++known;
  }
  return known == 0 ? kUnknown : sum / static_cast<double>(known);
}

}  // namespace ganymede::metrics
