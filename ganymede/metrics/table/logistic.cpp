#include "ganymede/metrics/table/logistic.h"

#include <ATen/ATen.h>

#include "ganymede/metrics/linear_probe.h"

namespace ganymede::metrics {

LogisticModel fit_logistic(const at::Tensor& x, const at::Tensor& positive) {
  // Two classes of softmax share the weight: w1 = -w0 = w / 2, so that |W|^2 = |w|^2 / 2.
  constexpr int64_t kIterations = 200;
  constexpr double kTolerance = 1e-6;
  const SoftmaxFit fit = fit_softmax(x, positive.to(at::kLong), 2,
                                     {.l2 = 2.0 / static_cast<double>(x.size(0)),
                                      .iterations = kIterations,
                                      .tolerance = kTolerance});
  return {fit.weight[1] - fit.weight[0], (fit.bias[1] - fit.bias[0]).item<double>()};
}

std::vector<double> logistic_scores(const LogisticModel& model, const at::Tensor& x) {
  const at::Tensor scores = (at::mv(x, model.weight) + model.bias).contiguous();
  const double* values = scores.const_data_ptr<double>();
  return {values, values + scores.numel()};
}

}  // namespace ganymede::metrics
