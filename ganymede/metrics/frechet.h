// Frechet distance between Gaussians fitted to features (Heusel et al. 2017, arXiv 1706.08500):
// |m1 - m2|^2 + tr(S1) + tr(S2) - 2 tr((S1 S2)^1/2).
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <utility>
#include <vector>

#include "ganymede/metrics/feature_statistics.h"

namespace ganymede::metrics {

struct FrechetDistance {
  double value = 0;            // mean_term + covariance_term
  double mean_term = 0;        // |m1 - m2|^2
  double covariance_term = 0;  // rounding may leave it slightly below 0 for equal sides
  // What was cut off where rounding made an eigenvalue negative, in the units of `value`: |l| for
  // those of S1, 2 |l|^1/2 for those of S1^1/2 S2 S1^1/2.
  double clamped_mass = 0;
  // A side has no more samples than features: its covariance is singular and the distance is
  // dominated by its bias.
  bool rank_deficient = false;
};

// In float64; tr((S1 S2)^1/2) is the sum of the square roots of the eigenvalues of
// S1^1/2 S2 S1^1/2, which are real. LAPACK's last bits depend on the number of threads, the value
// by about 1e-14 of the traces. UsageError for
// different dimensions or fewer than two samples.
FrechetDistance frechet_distance(const FeatureStatistics& real, const FeatureStatistics& fake);

struct FrechetOverN {
  double extrapolated = 0;                         // at 1/N = 0
  double error = 0;                                // its standard error in the fit
  std::vector<std::pair<int64_t, double>> points;  // N of each side, distance at N; N falls
};

// The distance has a bias that falls like 1/N (Chong & Forsyth 2020, arXiv 1911.07023, who vary the
// fakes only). Both sides are cut to the same N here, so that the bias of either vanishes in the
// limit: ten sizes, evenly spaced in 1/N from the smaller side's count down to a fifth of it, each
// drawn anew without replacement, and a line by least squares. The draws share samples, so `error`
// tells how well the line fits and is too small for the whole uncertainty. real, fake: floating
// [N, D] with at least kFrechetOverNLeast samples, else UsageError. The line holds while the
// smallest N stays above D.
inline constexpr int64_t kFrechetOverNLeast = 50;
FrechetOverN frechet_over_n(const at::Tensor& real, const at::Tensor& fake, uint64_t seed);

}  // namespace ganymede::metrics
