// Precision and recall (Kynkaanniemi et al. 2019, arXiv 1904.06991), density and coverage (Naeem et
// al. 2020, arXiv 2002.09797), with the conventions of the latter's code.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace ganymede::metrics {

// Every sample has a ball whose radius is the distance to its k-th nearest neighbour of the same
// set, itself not counted; a sample lies in a ball where its distance is below the radius.
struct Prdc {
  double precision = 0;  // share of fakes in some real's ball
  double recall = 0;     // share of reals in some fake's ball
  double density = 0;    // real balls around a fake, mean, over k: may exceed 1
  double coverage = 0;   // share of reals whose ball holds some fake
};

// real, fake: floating [N, D] with more than k samples. Exact (see nearest()). For equal
// distributions coverage is near 1 - 2^-k and density near 1. UsageError for other shapes or k < 1.
Prdc precision_recall(const at::Tensor& real, const at::Tensor& fake, int64_t k = 5);

}  // namespace ganymede::metrics
