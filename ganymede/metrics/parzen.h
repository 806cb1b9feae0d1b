// Log-likelihood under a Parzen window: the evaluation of Goodfellow et al. 2014 (arXiv 1406.2661,
// sec. 5, after Breuleux, Bengio, Vincent 2011). Kept for comparison with that paper: in many
// dimensions the estimate ranks models wrongly, and one that returns k-means centers of the
// training set beats the data itself (Theis et al. 2016, arXiv 1511.01844, sec. 3.2).
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace ganymede::metrics {

struct Parzen {
  double log_likelihood = 0;  // mean over the test points of log p, in nats
  double standard_error = 0;  // of that mean: sd over the test points / sqrt(N)
  double sigma = 0;           // width of the window, in units of the data
};

// p(x) = mean over `samples` of N(x; sample, sigma^2 I). sigma maximises the mean log-likelihood of
// `validation` over parzen_sigmas() of it, then over parzen_refinement() of the best.
// All floating [N, D] with the same D; test of two points or more. In float64, the same bits for
// any number of threads. UsageError for other shapes, or when the validation points all equal the
// mean of the samples.
Parzen parzen_log_likelihood(const at::Tensor& samples, const at::Tensor& validation,
                             const at::Tensor& test);

// s 10^(-2 + i / 4), i = 0 ... 10, where s is the root mean square, over validation points and
// features, of the distance from the mean of the samples: float64 [11].
at::Tensor parzen_sigmas(const at::Tensor& samples, const at::Tensor& validation);
// sigma 10^(i / 20), i = -4 ... 4: float64 [9].
at::Tensor parzen_refinement(double sigma);

// Log-density of every point for every sigma: float64 [points, sigmas].
at::Tensor parzen_log_density(const at::Tensor& samples, const at::Tensor& points,
                              const at::Tensor& sigmas);

}  // namespace ganymede::metrics
