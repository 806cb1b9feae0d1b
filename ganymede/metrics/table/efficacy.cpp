#include "ganymede/metrics/table/efficacy.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "ganymede/metrics/roc.h"
#include "ganymede/metrics/score.h"
#include "ganymede/metrics/table/boosting.h"
#include "ganymede/metrics/table/design.h"

namespace ganymede::metrics {
namespace {

constexpr size_t kMostCategories = 20;

PlainTable with_target(const PlainTable& table, size_t target) {
  std::vector<int64_t> rows;
  for (int64_t row = 0; row < table.rows(); ++row) {
    if (!table.columns[target].missing(row)) rows.push_back(row);
  }
  return take_rows(table, rows);
}

std::vector<int32_t> categories_in(const PlainColumn& column) {
  const std::set<int32_t> seen(column.codes.begin(), column.codes.end());
  return {seen.begin(), seen.end()};
}

std::vector<double> is_category(const PlainColumn& column, int32_t code) {
  std::vector<double> hits;
  for (const int32_t own : column.codes) hits.push_back(own == code ? 1 : 0);
  return hits;
}

// Logits of `code` for the rows of `test`.
std::vector<double> category_logits(const at::Tensor& x, const PlainColumn& target, int32_t code,
                                    const at::Tensor& test) {
  return BoostedTrees(x, is_category(target, code), BoostingLoss::kLogistic).values(test);
}

double auc_of(const std::vector<double>& logits, const PlainColumn& truth, int32_t code) {
  std::vector<double> positives, negatives;
  for (size_t i = 0; i < logits.size(); ++i)
    (truth.codes[i] == code ? positives : negatives).push_back(logits[i]);
  return roc_auc(positives, negatives);
}

double accuracy_of(const at::Tensor& x, const PlainColumn& target, const at::Tensor& test,
                   const PlainColumn& truth) {
  std::vector<double> best(truth.codes.size(), -std::numeric_limits<double>::infinity());
  std::vector<int32_t> choice(truth.codes.size(), PlainColumn::kMissing);
  for (const int32_t code : categories_in(target)) {
    const std::vector<double> logits = category_logits(x, target, code, test);
    for (size_t i = 0; i < logits.size(); ++i) {
      if (logits[i] <= best[i]) continue;
      best[i] = logits[i];
      choice[i] = code;
    }
  }
  double hits = 0;
  for (size_t i = 0; i < choice.size(); ++i) hits += choice[i] == truth.codes[i] ? 1 : 0;
  return hits / static_cast<double>(choice.size());
}

double determination(const std::vector<double>& estimates, const std::vector<double>& truth) {
  double mean = 0, error = 0, spread = 0;
  for (const double value : truth) mean += value / static_cast<double>(truth.size());
  for (size_t i = 0; i < truth.size(); ++i) {
    error += (estimates[i] - truth[i]) * (estimates[i] - truth[i]);
    spread += (truth[i] - mean) * (truth[i] - mean);
  }
  return spread == 0 ? kUnknown : 1 - error / spread;
}

double figure_of(const PlainTable& rows, const PlainTable& test, size_t target,
                 const std::vector<int32_t>& known) {
  if (rows.rows() == 0) return kUnknown;
  const Design design(rows, Design::Categories::kCodes, {target});
  const at::Tensor x = design.features_of(rows), test_x = design.features_of(test);
  const PlainColumn& own = rows.columns[target];
  const PlainColumn& truth = test.columns[target];
  if (own.numeric) {
    const BoostedTrees trees(x, own.numbers, BoostingLoss::kSquared);
    return determination(trees.values(test_x), truth.numbers);
  }
  if (categories_in(own).size() < 2) return kUnknown;
  if (known.size() > 2) return accuracy_of(x, own, test_x, truth);
  return auc_of(category_logits(x, own, known.back(), test_x), truth, known.back());
}

}  // namespace

Efficacy efficacy(const PlainTable& real, const PlainTable& synthetic, const PlainTable& test,
                  const std::string& target) {
  check_comparable(real, synthetic);
  check_comparable(real, test);
  const size_t at = column_index(real, target);
  const PlainTable known_test = with_target(test, at), known_real = with_target(real, at);
  const PlainColumn& column = real.columns[at];
  const std::vector<int32_t> known = categories_in(known_real.columns[at]);
  Efficacy result;
  result.figure = column.numeric ? "R2" : known.size() > 2 ? "accuracy" : "AUC";
  result.synthetic = figure_of(with_target(synthetic, at), known_test, at, known);
  result.real = figure_of(known_real, known_test, at, known);
  return result;
}

std::string default_target(const PlainTable& table) {
  for (size_t i = table.columns.size(); i-- > 0;) {
    const PlainColumn& column = table.columns[i];
    const size_t categories = column.categories.size();
    if (!column.numeric && categories >= 2 && categories <= kMostCategories) return column.name;
  }
  return table.columns.back().name;
}

}  // namespace ganymede::metrics
