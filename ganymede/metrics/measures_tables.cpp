// Adapters of the metrics over the columns of tables.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "ganymede/core/text.h"
#include "ganymede/metrics/measures.h"
#include "ganymede/metrics/table/closest_record.h"
#include "ganymede/metrics/table/detection.h"
#include "ganymede/metrics/table/efficacy.h"
#include "ganymede/metrics/table/membership.h"
#include "ganymede/metrics/table/pairs.h"
#include "ganymede/metrics/table/shapes.h"

namespace ganymede::metrics {
namespace {

const PlainTable& training_of(const Comparison& c) {
  const bool known = c.training != nullptr && c.training->columns != nullptr;
  return known ? *c.training->columns : *c.real.columns;
}

std::string worst_shape(const std::vector<ColumnShape>& shapes) {
  const auto worst = std::min_element(
      shapes.begin(), shapes.end(),
      [](const ColumnShape& a, const ColumnShape& b) { return a.score < b.score; });
  return fmt::format("worst: {} {:.3f}", worst->column, worst->score);
}

std::string worst_pair(const std::vector<PairTrend>& trends, const PlainTable& table) {
  const PairTrend* worst = nullptr;
  int64_t counted = 0;
  for (const PairTrend& trend : trends) {
    if (!trend.counts || std::isnan(trend.score)) continue;
    ++counted;
    if (worst == nullptr || trend.score < worst->score) worst = &trend;
  }
  if (worst == nullptr) return "no columns of the reals are related enough";
  return fmt::format("of {} related pairs; worst: {} with {} {:.3f}", counted,
                     table.columns[worst->first].name, table.columns[worst->second].name,
                     worst->score);
}

}  // namespace

Findings measure_table_quality(const Comparison& c) {
  const PlainTable& real = *c.real.columns;
  const auto shapes = column_shapes(real, *c.fake.columns);
  const auto trends = pair_trends(real, *c.fake.columns);
  const double shape = mean_shape(shapes), trend = mean_trend(trends);
  Findings findings = {{.name = "quality",
                        .value = std::isnan(trend) ? shape : (shape + trend) / 2,
                        .better = Better::kHigher,
                        .note = "mean of the next two"},
                       {.name = "column shapes",
                        .value = shape,
                        .better = Better::kHigher,
                        .note = worst_shape(shapes)}};
  if (!std::isnan(trend)) {
    findings.push_back({.name = "column pair trends",
                        .value = trend,
                        .better = Better::kHigher,
                        .note = worst_pair(trends, real)});
  }
  return findings;
}

Findings measure_detection(const Comparison& c) {
  const Detection found = detection(*c.real.columns, *c.fake.columns, c.seed);
  return {{.name = "detection AUC",
           .value = found.auc,
           .note = "logistic regression, 3 folds; 0.5: it cannot tell"}};
}

Findings measure_efficacy(const Comparison& c) {
  const PlainTable& real = training_of(c);
  const PlainTable& test = c.holdout ? *c.holdout->columns : *c.real.columns;
  const std::string target = c.target.empty() ? default_target(real) : c.target;
  const Efficacy found = efficacy(real, *c.fake.columns, test, target);
  return {{.name = "trained on synthetic: " + found.figure,
           .value = found.synthetic,
           .better = Better::kHigher,
           .floor = found.real,
           .note = fmt::format("{} of {} real rows by boosted trees; floor: trained on {} real "
                               "rows{}",
                               target, format_count(test.rows()), format_count(real.rows()),
                               c.holdout ? "" : ", those of the test among them"),
           .warning = std::isnan(found.synthetic)
                          ? "the generated rows know only one value of " + target
                          : ""}};
}

Findings measure_new_rows(const Comparison& c) {
  return {{.name = "new rows",
           .value = new_row_share(*c.fake.columns, training_of(c)),
           .better = Better::kHigher,
           .note = "categories equal and numbers within 1 %: not new"}};
}

Findings measure_privacy(const Comparison& c) {
  const PlainTable& real = training_of(c);
  const PlainTable& made = *c.fake.columns;
  const auto to_real = closest_distances(made, real);
  const auto random = closest_distances(random_rows(real, made.rows(), c.seed), real);
  Findings findings = {{.name = "closest record",
                        .value = median_of(to_real),
                        .better = Better::kNearFloor,
                        .note = "median distance to the closest training row, 0 to 1"},
                       {.name = "baseline protection",
                        .value = baseline_protection(to_real, random),
                        .better = Better::kNearFloor,
                        .note = "that distance beside the one of random rows"}};
  if (c.holdout == nullptr) return findings;
  const PlainTable& others = *c.holdout->columns;
  // Equally many on both sides: the closest of more rows is closer.
  const int64_t each = std::min(real.rows(), others.rows());
  const PlainTable members = rows_of(real, 0, each), outsiders = rows_of(others, 0, each);
  const Overfitting overfitting =
      overfitting_protection(closest_distances(made, members), closest_distances(made, outsiders));
  const MembershipAttack attack = membership_attack(members, outsiders, made);
  findings.push_back({.name = "overfitting protection",
                      .value = overfitting.score,
                      .better = Better::kHigher,
                      .note = fmt::format("{:.1f} % of the rows are closer to training than to "
                                          "held-out rows",
                                          100 * overfitting.closer_to_training)});
  findings.push_back({.name = "membership attack AUC",
                      .value = attack.auc,
                      .note = "by the distance to generated rows; 0.5: a guess"});
  findings.push_back({.name = "membership attack TPR",
                      .value = attack.true_positive_rate,
                      .note = "at 1 % false positives; 0.01: a guess"});
  return findings;
}

}  // namespace ganymede::metrics
