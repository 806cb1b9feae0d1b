// Gradient boosted trees over histograms (Friedman 2001; Ke et al. 2017, LightGBM): a learner for
// tables that needs no tuning. Trees, splits and leaves are those of scikit-learn's
// HistGradientBoosting with its default numbers and no early stopping.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace ganymede::metrics {

struct BoostingOptions {
  int64_t trees = 100;
  int64_t leaves = 31;
  int64_t least_in_leaf = 20;
  int64_t bins = 255;  // of each feature, beside the one for missing values
  double learning_rate = 0.1;
};

enum class BoostingLoss {
  kLogistic,  // targets 0 and 1; the model's value is a logit
  kSquared,   // any target; the model's value is its estimate
};

class BoostedTrees {
 public:
  // x: float64 [N, F], NaN is missing; target: N values. Deterministic.
  BoostedTrees(const at::Tensor& x, const std::vector<double>& target, BoostingLoss loss,
               const BoostingOptions& options = {});

  // Logits or estimates of the rows of float64 [M, F].
  std::vector<double> values(const at::Tensor& x) const;

  struct Node {
    int32_t feature = -1;  // -1: a leaf
    double threshold = 0;  // x <= threshold goes left
    bool missing_left = false;
    int32_t left = 0;
    int32_t right = 0;
    double value = 0;  // of a leaf, times the learning rate
  };
  using Tree = std::vector<Node>;

 private:
  double start_ = 0;
  std::vector<Tree> trees_;
};

}  // namespace ganymede::metrics
