// How alike the relations between two columns are, as the sdmetrics package defines it.
#pragma once

#include <string>
#include <vector>

#include "ganymede/metrics/table/columns.h"

namespace ganymede::metrics {

// Pearson's coefficient over the rows where both are present; NaN for fewer than two of them or a
// constant column.
double pearson(const std::vector<double>& a, const std::vector<double>& b);

// Cells of two discrete columns. A cell is a pair of codes; every code, the missing one too, is a
// category of its own.
using DiscretePair = std::pair<const std::vector<int32_t>*, const std::vector<int32_t>*>;

// 1 - 1/2 sum over cells |P - Q|, in [0, 1].
double contingency_similarity(const DiscretePair& real, const DiscretePair& synthetic);

// Cramer's V: sqrt(chi^2 / n / (min(r, c) - 1)); NaN where a column has fewer than two categories,
// the missing one counted too.
double cramers_v(const DiscretePair& pair);

// The bins of numpy: ten of equal width over the present values, as codes 0 ... 10, where the
// largest value and missing ones share the last. numpy.digitize(x, histogram_bin_edges(x)).
std::vector<int32_t> ten_bins(const std::vector<double>& values);

enum class PairKind { kCorrelation, kContingency };

struct PairTrend {
  size_t first = 0;  // indices of the columns
  size_t second = 0;
  PairKind kind = PairKind::kCorrelation;
  double score = 0;      // NaN: not known
  double real = 0;       // correlation (numeric pairs) or Cramer's V of the reals
  double synthetic = 0;  // correlation; NaN for other pairs
  bool counts = true;    // the reals are related enough
};

struct PairOptions {
  double least_correlation = 0.5;  // |Pearson's| of reals, for the pair to count
  double least_association = 0.3;  // Cramer's V
};

// Every pair of columns: two numeric ones by 1 - |difference of correlations| / 2, all others by
// contingency_similarity, numeric columns cut into ten_bins of their own table: "Column Pair
// Trends" of a quality report.
std::vector<PairTrend> pair_trends(const PlainTable& real, const PlainTable& synthetic,
                                   const PairOptions& options = {});

// The mean score of the pairs that count; NaN when none does.
double mean_trend(const std::vector<PairTrend>& trends);

}  // namespace ganymede::metrics
