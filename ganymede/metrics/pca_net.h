// Principal components of the reference data as features.
#pragma once

#include <memory>

#include "ganymede/core/progress.h"
#include "ganymede/metrics/feature_net.h"

namespace ganymede::metrics {

inline constexpr int64_t kPcaDim = 64;
inline constexpr int64_t kPcaSamples = 2048;

// "pca": projections on the first min(64, elements, N - 1) principal axes, in data units, not
// whitened. Fitted in float64 to all samples, or to 2048 spread evenly over a larger set, by the
// exact eigenvectors of their covariance (or of their Gram matrix, where that is smaller). Each
// axis points to where its entry of largest size is positive, so the same data give the same
// features. UsageError for fewer than two samples, NumericError for values that are not finite.
std::unique_ptr<FeatureNet> pca_net(const data::Dataset& reference, Progress* progress = nullptr);

}  // namespace ganymede::metrics
