// How alike the distributions of single columns are, as the sdmetrics package defines it.
#pragma once

#include <string>
#include <vector>

#include "ganymede/metrics/table/columns.h"

namespace ganymede::metrics {

// 1 - D of the two-sample Kolmogorov-Smirnov test, in [0, 1]. Missing values are left out and
// numbers rounded to 14 decimals; NaN where a side has no value.
double ks_complement(const std::vector<double>& real, const std::vector<double>& synthetic);

// 1 - 1/2 sum |p - q| over categories, in [0, 1]. Missing values are left out; NaN where a side has
// no value. A category that only the synthetic side has counts 1e-6 rows on the real side.
double tv_complement(const std::vector<int32_t>& real, const std::vector<int32_t>& synthetic);

struct ColumnShape {
  std::string column;
  double score;
};

// One score per column: ks_complement for numeric ones, tv_complement for the others.
std::vector<ColumnShape> column_shapes(const PlainTable& real, const PlainTable& synthetic);

// The mean over the scores that are known: "Column Shapes" of a quality report.
double mean_shape(const std::vector<ColumnShape>& shapes);

}  // namespace ganymede::metrics
