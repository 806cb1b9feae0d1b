// Distance to the closest record (DCR), and what it says about privacy, as the sdmetrics package
// defines it.
#pragma once

#include <cstdint>
#include <vector>

#include "ganymede/metrics/table/columns.h"

namespace ganymede::metrics {

// For every row of `table` the smallest distance to a row of `reference`, in [0, 1]: the mean over
// the columns of |difference| / range of the reference, at most 1, for numbers (0 or 1 where the
// range is 0) and 0 or 1 for categories. Missing is at distance 0 from missing and 1 from all else.
// Rows are spread over the threads.
std::vector<double> closest_distances(const PlainTable& table, const PlainTable& reference);

// `rows` rows without any structure: numbers uniform between the smallest and the largest of
// `real` (whole ones for integers), categories uniform over those that occur, missing as often.
PlainTable random_rows(const PlainTable& real, int64_t rows, uint64_t seed);

// min(1, median / median): how far generated rows stay from the real ones beside random rows.
// NaN where random rows are at distance 0.
double baseline_protection(const std::vector<double>& synthetic_to_real,
                           const std::vector<double>& random_to_real);

struct Overfitting {
  double closer_to_training = 0;  // share of the generated rows; 0.5 for a model that generalises
  double score = 0;               // min(1, 2 (1 - closer_to_training))
};
// Both distances of the same generated rows, in one order.
Overfitting overfitting_protection(const std::vector<double>& to_training,
                                   const std::vector<double>& to_holdout);

// Share of generated rows that no real row equals: categories alike and missing alike, numbers
// within `tolerance` times the generated one. sdmetrics' NewRowSynthesis.
double new_row_share(const PlainTable& synthetic, const PlainTable& real, double tolerance = 0.01);

// The median; NaN for none.
double median_of(std::vector<double> values);

}  // namespace ganymede::metrics
