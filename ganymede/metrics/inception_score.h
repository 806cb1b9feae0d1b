// Inception score (Salimans et al. 2016, arXiv 1606.03498, sec. 4): exp E_x KL(p(y|x) | p(y)).
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace ganymede::metrics {

struct InceptionScore {
  double mean = 0;
  double sd = 0;  // over the splits (divided by their number, as in the paper's code)
  int64_t splits = 0;
};

// probabilities: floating [N, classes], rows of class probabilities that add up to 1 within 1e-3.
// Split s takes the rows from s N / splits up to (s + 1) N / splits, as the paper's code does. With
// `splits` of 1 the sd is 0. In float64. UsageError for other values or unless 1 <= splits <= N.
InceptionScore inception_score(const at::Tensor& probabilities, int64_t splits = 10);

}  // namespace ganymede::metrics
