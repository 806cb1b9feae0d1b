#include "ganymede/metrics/feature_statistics.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>

#include "ganymede/core/error.h"
#include "ganymede/metrics/feature_checks.h"
#include "ganymede/metrics/one_thread.h"

namespace ganymede::metrics {
namespace {

constexpr const char* kWhere = "metrics::FeatureStatistics";
constexpr int64_t kTile = 256;  // rows of the covariance per piece of work

[[noreturn]] void refuse(std::string found, std::string allowed) {
  throw UsageError({.where = kWhere, .found = std::move(found), .allowed = std::move(allowed)});
}

at::Tensor symmetric(const at::Tensor& upper) {
  return at::triu(upper) + at::triu(upper, 1).transpose(0, 1);
}

}  // namespace

FeatureStatistics::FeatureStatistics(int64_t dim, bool keep) : dim_(dim), keep_(keep) {
  if (dim < 1) refuse(std::to_string(dim) + " features", "1 or more");
  sums_.sum = at::zeros({dim}, at::kDouble);
  sums_.products = at::zeros({dim, dim}, at::kDouble);
}

// Each tile of the products is one matrix product of a fixed shape on one thread; nothing here
// depends on how many threads there are.
void FeatureStatistics::accumulate(Sums& sums, const at::Tensor& block) {
  const int64_t dim = block.size(1);
  double* sum = sums.sum.data_ptr<double>();
  const double* row = block.const_data_ptr<double>();
  for (int64_t i = 0; i < block.size(0); ++i, row += dim) {
    for (int64_t j = 0; j < dim; ++j) sum[j] += row[j];
  }
  each_on_one_thread((dim + kTile - 1) / kTile, [&](int64_t t) {
    const int64_t begin = t * kTile;
    const int64_t end = std::min(begin + kTile, dim);
    sums.products.slice(0, begin, end)
        .slice(1, begin)
        .addmm_(block.slice(1, begin, end).transpose(0, 1), block.slice(1, begin));
  });
}

void FeatureStatistics::add_block(const at::Tensor& centred) {
  pending_.push_back(centred);
  pending_count_ += centred.size(0);
  if (pending_count_ < kBlock) return;
  accumulate(sums_, at::cat(pending_));
  pending_.clear();
  pending_count_ = 0;
}

void FeatureStatistics::add(const at::Tensor& features) {
  const at::NoGradGuard no_grad;
  const at::Tensor rows = checked_features(features, kWhere, 0, count_);
  if (rows.size(1) != dim_) {
    refuse(std::to_string(rows.size(1)) + " features per sample", std::to_string(dim_));
  }
  const int64_t count = rows.size(0);
  if (count == 0) return;
  if (keep_) kept_.push_back(rows.to(at::kFloat, /*non_blocking=*/false, /*copy=*/true));
  if (!shift_.defined()) shift_ = rows[0].to(at::kDouble, false, true);
  restored_covariance_ = at::Tensor();
  for (int64_t begin = 0; begin < count;) {
    const int64_t end = std::min(count, begin + kBlock - pending_count_);
    add_block(rows.slice(0, begin, end).to(at::kDouble) - shift_);
    begin = end;
  }
  count_ += count;
}

FeatureStatistics::Sums FeatureStatistics::total() const {
  Sums sums = {sums_.sum.clone(), sums_.products.clone()};
  if (!pending_.empty()) accumulate(sums, at::cat(pending_));
  return sums;
}

// With t = shift of `later` minus ours, its samples minus our shift have the sum s + n t and the
// products P + s t' + t s' + n t t' (Chan, Golub, LeVeque 1983 in terms of shifted sums).
void FeatureStatistics::merge(const FeatureStatistics& later) {
  const at::NoGradGuard no_grad;
  if (later.dim_ != dim_ || later.keep_ != keep_) {
    refuse("statistics of another dimension, or only one side with features", "two of a kind");
  }
  if (later.count_ == 0) return;
  const Sums theirs = later.total();
  if (!shift_.defined()) shift_ = later.shift_.clone();
  sums_ = total();
  pending_.clear();
  pending_count_ = 0;
  restored_covariance_ = at::Tensor();
  const at::Tensor t = later.shift_ - shift_;
  const auto n = static_cast<double>(later.count_);
  const at::Tensor cross = at::outer(theirs.sum, t);
  sums_.sum.add_(theirs.sum).add_(t, n);
  sums_.products.add_(theirs.products).add_(cross).add_(cross.transpose(0, 1));
  sums_.products.add_(at::outer(t, t), n);
  count_ += later.count_;
  const std::vector<at::Tensor> kept = later.kept_;  // `later` may be this
  kept_.insert(kept_.end(), kept.begin(), kept.end());
}

FeatureStatistics FeatureStatistics::restored(const at::Tensor& mean, const at::Tensor& covariance,
                                              int64_t count, const at::Tensor& features) {
  const bool fits = mean.dim() == 1 && covariance.dim() == 2 && count >= 2 &&
                    covariance.size(0) == mean.size(0) && covariance.size(1) == mean.size(0);
  if (!fits) refuse("moments of another shape, or of fewer than two samples", "[D] and [D, D]");
  FeatureStatistics statistics(mean.size(0), features.defined());
  statistics.shift_ = checked_features(mean.unsqueeze(0), kWhere)[0].to(at::kDouble, false, true);
  statistics.restored_covariance_ =
      checked_features(covariance, kWhere).to(at::kDouble, false, true);
  statistics.sums_.products = statistics.restored_covariance_ * static_cast<double>(count - 1);
  statistics.count_ = count;
  if (features.defined()) {
    const at::Tensor rows = checked_features(features, kWhere);
    if (rows.size(0) != count || rows.size(1) != statistics.dim_) {
      refuse("features of another shape than the moments", "[count, D]");
    }
    statistics.kept_.push_back(rows.to(at::kFloat, false, true));
  }
  return statistics;
}

at::Tensor FeatureStatistics::mean() const {
  if (count_ == 0) refuse("the mean of no samples", "1 or more");
  return shift_ + total().sum / static_cast<double>(count_);
}

at::Tensor FeatureStatistics::covariance() const {
  if (count_ < 2) refuse("the covariance of fewer than two samples", "2 or more");
  if (restored_covariance_.defined()) return restored_covariance_.clone();
  const Sums sums = total();
  const auto n = static_cast<double>(count_);
  return symmetric(sums.products - at::outer(sums.sum, sums.sum) / n) / (n - 1);
}

at::Tensor FeatureStatistics::features() const {
  if (!keep_) refuse("features that were not kept", "statistics made with keep");
  if (kept_.empty()) return at::empty({0, dim_}, at::kFloat);
  return at::cat(kept_);
}

}  // namespace ganymede::metrics
