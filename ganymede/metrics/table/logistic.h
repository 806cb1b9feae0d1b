// Logistic regression as scikit-learn defines it with C = 1.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

namespace ganymede::metrics {

struct LogisticModel {
  at::Tensor weight;  // float64 [F]
  double bias = 0;
};

// The minimum of sum log(1 + exp(-y (x w + b))) + |w|^2 / 2. x: float64 [N, F]; positive: bool [N].
LogisticModel fit_logistic(const at::Tensor& x, const at::Tensor& positive);

// x w + b of every row.
std::vector<double> logistic_scores(const LogisticModel& model, const at::Tensor& x);

}  // namespace ganymede::metrics
