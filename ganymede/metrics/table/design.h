// Tables as matrices, for learners.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "ganymede/metrics/table/columns.h"

namespace ganymede::metrics {

// How the columns of one table become features; fitted to it once, then used for others.
class Design {
 public:
  enum class Categories { kOneHot, kCodes };

  // All columns but `without` (their indices). Missing numbers become the column's mean with
  // kOneHot and stay NaN with kCodes; a missing category has a 1 of its own, or code -1.
  Design(const PlainTable& table, Categories categories, std::vector<size_t> without = {});

  // float64 [rows, features()]
  at::Tensor features_of(const PlainTable& table) const;
  int64_t features() const { return features_; }

 private:
  struct Part {
    size_t column = 0;
    int64_t first = 0;    // feature
    int64_t width = 1;    // one-hot: categories, and one for missing
    double fallback = 0;  // for missing numbers
  };
  Categories categories_;
  std::vector<Part> parts_;
  int64_t features_ = 0;
};

// (x - median) / interquartile range of each column of `fit` (float64 [N, F]); columns without a
// range are only shifted. scikit-learn's RobustScaler.
class RobustScale {
 public:
  explicit RobustScale(const at::Tensor& fit);
  at::Tensor operator()(const at::Tensor& x) const;

 private:
  at::Tensor center_;
  at::Tensor scale_;
};

}  // namespace ganymede::metrics
