// Metrics of tables against sdmetrics and scikit-learn (tests/golden/table_metrics.py), and where
// they have no number, against closed forms.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "ganymede/core/error.h"
#include "ganymede/metrics/roc.h"
#include "ganymede/metrics/score.h"
#include "ganymede/metrics/table/boosting.h"
#include "ganymede/metrics/table/closest_record.h"
#include "ganymede/metrics/table/design.h"
#include "ganymede/metrics/table/detection.h"
#include "ganymede/metrics/table/efficacy.h"
#include "ganymede/metrics/table/membership.h"
#include "ganymede/metrics/table/pairs.h"
#include "ganymede/metrics/table/shapes.h"

namespace ganymede::metrics {
namespace {

using nlohmann::json;

const json& golden() {
  static const json numbers =
      json::parse(std::ifstream(GANYMEDE_SOURCE_DIR "/tests/golden/table_metrics.json"));
  return numbers;
}

double number(const json& value) { return value.is_null() ? kUnknown : value.get<double>(); }

PlainTable table_of(const json& columns) {
  PlainTable table;
  for (const std::string name : {"age", "hours", "gain", "score", "colour", "large"}) {
    PlainColumn column;
    column.name = name;
    column.numeric = !golden()["categories"].contains(name);
    if (!column.numeric) column.categories = golden()["categories"][name];
    for (const json& value : columns[name]) {
      if (column.numeric)
        column.numbers.push_back(number(value));
      else
        column.codes.push_back(value);
    }
    table.columns.push_back(std::move(column));
  }
  return table;
}

void expect_same(double found, double expected, double tolerance, const std::string& what) {
  if (std::isnan(expected))
    EXPECT_TRUE(std::isnan(found)) << what << " is " << found;
  else
    EXPECT_NEAR(found, expected, tolerance) << what;
}

class TableMetrics : public ::testing::TestWithParam<size_t> {
 protected:
  const json& case_ = golden()["cases"][GetParam()];
  const PlainTable real_ = table_of(case_["real"]);
  const PlainTable synthetic_ = table_of(case_["synthetic"]);
  const PlainTable holdout_ = table_of(case_["holdout"]);
};

TEST_P(TableMetrics, ShapesAreThoseOfTheQualityReport) {
  const auto shapes = column_shapes(real_, synthetic_);
  ASSERT_EQ(shapes.size(), 6U);
  for (const ColumnShape& shape : shapes)
    expect_same(shape.score, number(case_["quality"]["shapes"][shape.column]), 1e-9, shape.column);
  EXPECT_NEAR(mean_shape(shapes), case_["quality"]["shape"].get<double>(), 1e-9);
}

TEST_P(TableMetrics, PairTrendsAreThoseOfTheQualityReport) {
  const auto trends = pair_trends(real_, synthetic_);
  const json& expected = case_["quality"]["pairs"];
  ASSERT_EQ(trends.size(), expected.size());
  for (size_t i = 0; i < trends.size(); ++i) {
    const json& pair = expected[i];
    const std::string what = pair[0].get<std::string>() + " / " + pair[1].get<std::string>();
    EXPECT_EQ(real_.columns[trends[i].first].name, pair[0].get<std::string>());
    EXPECT_EQ(real_.columns[trends[i].second].name, pair[1].get<std::string>());
    EXPECT_EQ(trends[i].counts, pair[5].get<bool>()) << what;
    // The package leaves the score of a pair that does not count unknown.
    if (trends[i].counts) expect_same(trends[i].score, number(pair[2]), 1e-9, what);
    const json& relation = pair[trends[i].kind == PairKind::kCorrelation ? 3 : 4];
    if (!relation.is_null()) expect_same(trends[i].real, number(relation), 1e-9, what);
  }
  EXPECT_NEAR(mean_trend(trends), number(case_["quality"]["trend"]), 1e-9);
  const double score = (mean_trend(trends) + mean_shape(column_shapes(real_, synthetic_))) / 2;
  EXPECT_NEAR(score, number(case_["quality"]["score"]), 1e-9);
}

TEST_P(TableMetrics, ContingencyOfCategories) {
  const auto pair = [](const PlainTable& table) {
    return DiscretePair(&table.columns[4].codes, &table.columns[5].codes);
  };
  EXPECT_NEAR(contingency_similarity(pair(real_), pair(synthetic_)),
              number(case_["contingency"]["categorical"]), 1e-9);
}

TEST_P(TableMetrics, DistancesToTheClosestRecord) {
  const auto to_real = closest_distances(synthetic_, real_);
  const auto to_holdout = closest_distances(synthetic_, holdout_);
  ASSERT_EQ(to_real.size(), case_["dcr_real"].size());
  for (size_t i = 0; i < to_real.size(); ++i) {
    EXPECT_NEAR(to_real[i], case_["dcr_real"][i].get<double>(), 1e-9) << i;
    EXPECT_NEAR(to_holdout[i], case_["dcr_holdout"][i].get<double>(), 1e-9) << i;
  }
  EXPECT_NEAR(median_of(to_real), case_["dcr_median"].get<double>(), 1e-9);
  const Overfitting found = overfitting_protection(to_real, to_holdout);
  EXPECT_NEAR(found.score, case_["overfitting"].get<double>(), 1e-9);
  EXPECT_NEAR(found.closer_to_training, case_["closer"].get<double>(), 1e-9);
}

TEST_P(TableMetrics, NewRowsAndMembership) {
  const PlainTable copied = table_of(case_["copied"]);  // 15 of its 75 rows are real ones
  EXPECT_NEAR(new_row_share(copied, real_), case_["new_rows"].get<double>(), 1e-9);
  const MembershipAttack attack = membership_attack(real_, holdout_, copied);
  EXPECT_NEAR(attack.auc, case_["membership"]["auc"].get<double>(), 1e-9);
  EXPECT_NEAR(attack.true_positive_rate, case_["membership"]["tpr"].get<double>(), 1e-9);
}

TEST_P(TableMetrics, DetectionIsScikitLearns) {
  if (!case_.contains("detection")) GTEST_SKIP() << "scikit-learn's form takes no gaps";
  const auto folds = [](const PlainTable& table) {
    std::vector<int> result;
    for (int64_t i = 0; i < table.rows(); ++i) result.push_back(static_cast<int>(i % 3));
    return result;
  };
  const Detection found = detection(real_, synthetic_, folds(real_), folds(synthetic_));
  EXPECT_NEAR(found.auc, case_["detection"]["auc"].get<double>(), 1e-4);
  EXPECT_NEAR(found.score, case_["detection"]["score"].get<double>(), 2e-4);
}

TEST_P(TableMetrics, BoostedTreesAreScikitLearns) {
  const json& expected = case_["boosting"];
  const auto check = [](const std::vector<double>& found, const json& numbers, double tolerance) {
    ASSERT_EQ(found.size(), numbers.size());
    double error = 0;
    for (size_t i = 0; i < found.size(); ++i)
      error += std::abs(found[i] - numbers[i].get<double>()) / static_cast<double>(found.size());
    EXPECT_LT(error, tolerance);
  };
  const auto trees = [&](size_t target, BoostingLoss loss) {
    const Design design(real_, Design::Categories::kCodes, {target});
    const PlainColumn& column = real_.columns[target];
    std::vector<double> values = column.numbers;
    for (const int32_t code : column.codes) values.push_back(code);
    return BoostedTrees(design.features_of(real_), values, loss, {.trees = 10})
        .values(design.features_of(holdout_));
  };
  check(trees(5, BoostingLoss::kLogistic), expected["logits"], 1e-6);
  check(trees(0, BoostingLoss::kSquared), expected["estimates"], 1e-5);
  const Efficacy by_class = efficacy(real_, real_, holdout_, "large");
  EXPECT_EQ(by_class.figure, "AUC");
  EXPECT_NEAR(by_class.real, expected["auc"].get<double>(), 5e-3);
  EXPECT_EQ(by_class.real, by_class.synthetic);
  const Efficacy by_number = efficacy(real_, real_, holdout_, "age");
  EXPECT_EQ(by_number.figure, "R2");
  EXPECT_NEAR(by_number.real, expected["r2"].get<double>(), 5e-3);
}

INSTANTIATE_TEST_SUITE_P(Golden, TableMetrics, ::testing::Values(0, 1, 2, 3), [](const auto& info) {
  return golden()["cases"][info.param]["name"].template get<std::string>();
});

TEST(TableMetricsAlone, RocCountsTiesHalf) {
  EXPECT_EQ(roc_auc({1, 2}, {0, 1}), 0.875);
  EXPECT_EQ(roc_auc({5, 5}, {5}), 0.5);
  EXPECT_TRUE(std::isnan(roc_auc({}, {1})));
  EXPECT_EQ(true_positive_rate({0.5, 2, 3, 4}, {1, 0, 0, 0}, 0.25), 1.0);
  EXPECT_EQ(true_positive_rate({0.5, 2, 3, 4}, {1, 0, 0, 0}, 0.01), 0.75);
}

TEST(TableMetricsAlone, RandomRowsFillTheRangesOfTheReals) {
  PlainTable real;
  real.columns.push_back({.name = "n", .integer = true, .numbers = {3, 4, 9, kUnknown}});
  real.columns.push_back(
      {.name = "c", .numeric = false, .codes = {0, 2, 2, -1}, .categories = {"a", "b", "c"}});
  const PlainTable made = random_rows(real, 4000, 5);
  int64_t gaps = 0;
  for (int64_t row = 0; row < 4000; ++row) {
    const double value = made.columns[0].numbers[static_cast<size_t>(row)];
    gaps += std::isnan(value) ? 1 : 0;
    EXPECT_TRUE(std::isnan(value) || (value >= 3 && value <= 9 && value == std::floor(value)));
    EXPECT_NE(made.columns[1].codes[static_cast<size_t>(row)], 1);
  }
  EXPECT_NEAR(static_cast<double>(gaps), 1000, 5 * std::sqrt(4000 * 0.25 * 0.75));
}

TEST(TableMetricsAlone, TablesThatDifferAreRefused) {
  const PlainTable real = table_of(golden()["cases"][0]["real"]);
  PlainTable other = real;
  other.columns[2].name = "profit";
  EXPECT_THROW(column_shapes(real, other), UsageError);
  other = real;
  other.columns.pop_back();
  EXPECT_THROW(pair_trends(real, other), UsageError);
  EXPECT_THROW(efficacy(real, real, real, "colours"), UsageError);
  EXPECT_EQ(default_target(real), "large");
}

}  // namespace
}  // namespace ganymede::metrics
