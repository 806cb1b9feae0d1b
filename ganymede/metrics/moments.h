// What events of a detector are read for: how much was seen, where, and how spread.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

namespace ganymede::metrics {

// "integral", "row", "column", "row width", "column width", "covariance".
const std::vector<std::string>& moment_names();

// amounts: float [N, H, W], 0 or more. Returns float64 [N, 6]: the sum of amounts, and of places
// weighted by them the means, variances (central second moments, as TPC-FastSim's "widths^2") and
// covariance. Events without any amount are left out, so that there may be fewer rows; `kept`, when
// given, gets their places, int64.
at::Tensor event_moments(const at::Tensor& amounts, at::Tensor* kept = nullptr);

// The largest distance between two empirical distribution functions (Kolmogorov and Smirnov), in
// [0, 1]. 1-d, not empty.
double ks_distance(const at::Tensor& a, const at::Tensor& b);

// Whether fakes follow a parameter as reals do: reals and fakes (float64 [N] each, with parameters
// of the same lengths) in `bins` stretches of equally many reals; the mean over stretches of
// (mean_r - mean_f)^2 / (var_r / n_r + var_f / n_f), which is 1 on average for samples of one
// distribution. NaN when no stretch holds two of each.
double profile_chi2(const at::Tensor& real, const at::Tensor& real_parameter,
                    const at::Tensor& fake, const at::Tensor& fake_parameter, int64_t bins = 10);

}  // namespace ganymede::metrics
