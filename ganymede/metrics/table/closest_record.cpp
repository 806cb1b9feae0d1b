#include "ganymede/metrics/table/closest_record.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "ganymede/core/random.h"
#include "ganymede/metrics/score.h"

namespace ganymede::metrics {
namespace {

constexpr int64_t kBlock = 1024;  // reference rows whose distances stay in the cache

struct Span {
  double low = 0;
  double high = 0;
  bool gaps = false;  // some value is missing
};

Span span_of(const PlainColumn& column) {
  Span span{.low = std::numeric_limits<double>::infinity(),
            .high = -std::numeric_limits<double>::infinity()};
  for (const double value : column.numbers) {
    if (std::isnan(value)) {
      span.gaps = true;
    } else {
      span.low = std::min(span.low, value);
      span.high = std::max(span.high, value);
    }
  }
  return span;
}

double gap_distance(double value, double other) {
  return std::isnan(value) && std::isnan(other) ? 0 : 1;
}

void add_numbers(double value, const double* reference, int64_t count, const Span& span,
                 double* sums) {
  const double range = span.high - span.low;
  if (std::isnan(value) || span.gaps || !(range > 0)) {
    for (int64_t i = 0; i < count; ++i) {
      const double difference = std::abs(reference[i] - value);
      if (std::isnan(difference)) {
        sums[i] += gap_distance(value, reference[i]);
      } else {
        sums[i] += range > 0 ? std::min(difference / range, 1.0) : (difference > 0 ? 1 : 0);
      }
    }
    return;
  }
  for (int64_t i = 0; i < count; ++i)
    sums[i] += std::min(std::abs(reference[i] - value) / range, 1.0);
}

void add_codes(int32_t code, const int32_t* reference, int64_t count, double* sums) {
  for (int64_t i = 0; i < count; ++i) sums[i] += reference[i] == code ? 0.0 : 1.0;
}

bool matches(const PlainColumn& made, int64_t row, const PlainColumn& real, int64_t other,
             double tolerance) {
  const auto i = static_cast<size_t>(row), j = static_cast<size_t>(other);
  if (!made.numeric) return made.codes[i] == real.codes[j];
  const double a = made.numbers[i], b = real.numbers[j];
  if (std::isnan(a)) return std::isnan(b);
  return std::abs(b - a) <= std::abs(tolerance * a);  // false for a missing b
}

}  // namespace

std::vector<double> closest_distances(const PlainTable& table, const PlainTable& reference) {
  check_comparable(reference, table);
  std::vector<Span> spans;
  for (const PlainColumn& column : reference.columns) spans.push_back(span_of(column));
  std::vector<double> closest(static_cast<size_t>(table.rows()));
  const auto columns = static_cast<double>(table.columns.size());
  at::parallel_for(0, table.rows(), 1, [&](int64_t begin, int64_t end) {
    std::vector<double> sums(kBlock);
    for (int64_t row = begin; row < end; ++row) {
      double least = std::numeric_limits<double>::infinity();
      for (int64_t first = 0; first < reference.rows(); first += kBlock) {
        const int64_t count = std::min(kBlock, reference.rows() - first);
        std::fill(sums.begin(), sums.end(), 0.0);
        for (size_t c = 0; c < spans.size(); ++c) {
          const PlainColumn& own = table.columns[c];
          const PlainColumn& other = reference.columns[c];
          const auto at = static_cast<size_t>(row);
          if (own.numeric)
            add_numbers(own.numbers[at], other.numbers.data() + first, count, spans[c],
                        sums.data());
          else
            add_codes(own.codes[at], other.codes.data() + first, count, sums.data());
        }
        least = std::min(least, *std::min_element(sums.begin(), sums.begin() + count));
      }
      closest[static_cast<size_t>(row)] = least / columns;
    }
  });
  return closest;
}

PlainTable random_rows(const PlainTable& real, int64_t rows, uint64_t seed) {
  PlainTable made;
  for (const PlainColumn& column : real.columns) {
    Stream random(seed, "random rows/" + column.name);
    PlainColumn result{.name = column.name,
                       .numeric = column.numeric,
                       .integer = column.integer,
                       .categories = column.categories};
    int64_t gaps = 0;
    for (int64_t row = 0; row < column.size(); ++row) gaps += column.missing(row) ? 1 : 0;
    const double missing = static_cast<double>(gaps) / static_cast<double>(column.size());
    const Span span = span_of(column);
    std::set<int32_t> seen(column.codes.begin(), column.codes.end());
    seen.erase(PlainColumn::kMissing);
    const std::vector<int32_t> codes(seen.begin(), seen.end());
    for (int64_t row = 0; row < rows; ++row) {
      const bool gap = random.next_uniform() < missing || gaps == column.size();
      const double u = random.next_uniform();
      if (!column.numeric) {
        const auto pick = static_cast<size_t>(u * static_cast<double>(codes.size()));
        result.codes.push_back(gap ? PlainColumn::kMissing : codes[pick]);
        continue;
      }
      const double value = column.integer ? span.low + std::floor(u * (span.high - span.low + 1))
                                          : span.low + u * (span.high - span.low);
      result.numbers.push_back(gap ? kUnknown : value);
    }
    made.columns.push_back(std::move(result));
  }
  return made;
}

double median_of(std::vector<double> values) {
  if (values.empty()) return kUnknown;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  return (*std::max_element(values.begin(), middle) + *middle) / 2;
}

double baseline_protection(const std::vector<double>& synthetic_to_real,
                           const std::vector<double>& random_to_real) {
  const double random = median_of(random_to_real);
  return random == 0 ? kUnknown : std::min(1.0, median_of(synthetic_to_real) / random);
}

Overfitting overfitting_protection(const std::vector<double>& to_training,
                                   const std::vector<double>& to_holdout) {
  double closer = 0;
  for (size_t i = 0; i < to_training.size(); ++i) closer += to_training[i] < to_holdout[i] ? 1 : 0;
  Overfitting result;
  result.closer_to_training = closer / static_cast<double>(to_training.size());
  result.score = std::min(1.0, 2 * (1 - result.closer_to_training));
  return result;
}

double new_row_share(const PlainTable& synthetic, const PlainTable& real, double tolerance) {
  check_comparable(real, synthetic);
  std::vector<uint8_t> known(static_cast<size_t>(synthetic.rows()), 0);
  at::parallel_for(0, synthetic.rows(), 16, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      for (int64_t other = 0; other < real.rows(); ++other) {
        size_t c = 0;
        while (c < real.columns.size() &&
               matches(synthetic.columns[c], row, real.columns[c], other, tolerance))
          ++c;
        if (c < real.columns.size()) continue;
        known[static_cast<size_t>(row)] = 1;
        break;
      }
    }
  });
  const auto copies = std::count(known.begin(), known.end(), 1);
  return 1 - static_cast<double>(copies) / static_cast<double>(synthetic.rows());
}

}  // namespace ganymede::metrics
