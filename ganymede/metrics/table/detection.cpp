#include "ganymede/metrics/table/detection.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "ganymede/core/random.h"
#include "ganymede/metrics/roc.h"
#include "ganymede/metrics/table/design.h"
#include "ganymede/metrics/table/logistic.h"

namespace ganymede::metrics {
namespace {

constexpr int kFolds = 3;

at::Tensor rows_where(const std::vector<int>& folds, int fold, bool inside) {
  std::vector<int64_t> rows;
  for (size_t i = 0; i < folds.size(); ++i) {
    if ((folds[i] == fold) == inside) rows.push_back(static_cast<int64_t>(i));
  }
  return at::tensor(rows, at::kLong);
}

std::vector<int> drawn_folds(int64_t rows, uint64_t seed, const char* purpose) {
  const Permutation order(static_cast<uint64_t>(rows), seed, purpose, 0);
  std::vector<int> folds(static_cast<size_t>(rows));
  for (int64_t i = 0; i < rows; ++i)
    folds[order(static_cast<uint64_t>(i))] = static_cast<int>(i % kFolds);
  return folds;
}

}  // namespace

Detection detection(const PlainTable& real, const PlainTable& synthetic,
                    const std::vector<int>& real_folds, const std::vector<int>& synthetic_folds) {
  check_comparable(real, synthetic);
  const Design design(real, Design::Categories::kOneHot);
  const at::Tensor reals = design.features_of(real), fakes = design.features_of(synthetic);
  const int folds = *std::max_element(real_folds.begin(), real_folds.end()) + 1;
  Detection result;
  for (int fold = 0; fold < folds; ++fold) {
    const auto part = [&](bool inside) {
      return std::pair(reals.index_select(0, rows_where(real_folds, fold, inside)),
                       fakes.index_select(0, rows_where(synthetic_folds, fold, inside)));
    };
    const auto [train_real, train_fake] = part(false);
    const auto [test_real, test_fake] = part(true);
    const at::Tensor train = at::cat({train_real, train_fake});
    const RobustScale scale(train);
    const at::Tensor positive = at::arange(train.size(0)) < train_real.size(0);
    const LogisticModel model = fit_logistic(scale(train), positive);
    const double auc =
        roc_auc(logistic_scores(model, scale(test_real)), logistic_scores(model, scale(test_fake)));
    result.auc += auc / folds;
    result.score += (1 - (std::max(auc, 0.5) * 2 - 1)) / folds;
  }
  return result;
}

Detection detection(const PlainTable& real, const PlainTable& synthetic, uint64_t seed) {
  return detection(real, synthetic, drawn_folds(real.rows(), seed, "detection/real"),
                   drawn_folds(synthetic.rows(), seed, "detection/synthetic"));
}

}  // namespace ganymede::metrics
