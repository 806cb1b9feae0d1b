#include "ganymede/metrics/inception_score.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <cmath>
#include <string>
#include <vector>

#include "ganymede/core/error.h"
#include "ganymede/metrics/feature_checks.h"
#include "ganymede/metrics/one_thread.h"
#include "ganymede/metrics/spread.h"

namespace ganymede::metrics {
namespace {

constexpr const char* kWhere = "metrics::inception_score";

void check(const at::Tensor& p, int64_t splits) {
  if (splits < 1 || splits > p.size(0)) {
    throw UsageError(
        {.where = kWhere,
         .found = std::to_string(splits) + " splits of " + std::to_string(p.size(0)) + " samples",
         .allowed = "1 split or more, each of 1 sample or more"});
  }
  const double off = (p.sum(1) - 1).abs().max().item<double>();
  if (off <= 1e-3 && p.min().item<double>() >= 0) return;
  throw UsageError({.where = kWhere,
                    .found = "rows that are not probabilities",
                    .allowed = "non-negative rows that add up to 1",
                    .remedy = "apply softmax to logits"});
}

// exp of the mean of KL(row | mean row), with 0 log 0 = 0.
double score_of(const at::Tensor& p) {
  const at::Tensor mean = p.mean(0, /*keepdim=*/true);
  const at::Tensor divergence = (at::xlogy(p, p) - at::xlogy(p, mean)).sum(1);
  return std::exp(divergence.mean().item<double>());
}

}  // namespace

InceptionScore inception_score(const at::Tensor& probabilities, int64_t splits) {
  const at::NoGradGuard no_grad;
  const at::Tensor p = checked_features(probabilities, kWhere).to(at::kDouble);
  check(p, splits);
  std::vector<double> scores(static_cast<size_t>(splits));
  each_on_one_thread(splits, [&](int64_t s) {
    scores[static_cast<size_t>(s)] =
        score_of(p.slice(0, s * p.size(0) / splits, (s + 1) * p.size(0) / splits));
  });
  const Spread spread = spread_of(scores);
  return {.mean = spread.mean, .sd = spread.sd, .splits = splits};
}

}  // namespace ganymede::metrics
