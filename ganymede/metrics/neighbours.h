// Exact nearest neighbours and balls, in Euclidean distance between float64 values.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace ganymede::metrics {

struct Neighbours {
  at::Tensor distances;  // float64 [Q, k], ascending
  at::Tensor indices;    // int64 [Q, k], rows of `points`
};

// The k nearest points of every query, exactly those that comparing all pairs in float64 gives
// (squared distances summed in feature order); equal distances: the lower index first.
// queries: floating [Q, D]; points: floating [P, D]. With same_set both are the same samples and a
// sample is not its own neighbour (its copies are). UsageError for other shapes or unless
// 1 <= k <= P (P - 1 with same_set); NumericError for values that are not finite or beyond 1e100.
// Beside the inputs it needs a float32 copy of `points` and some 20 MB per thread.
Neighbours nearest(const at::Tensor& queries, const at::Tensor& points, int64_t k,
                   bool same_set = false);

// Balls around the centers, open: a sample lies in a ball where its distance is below the radius.
struct BallCounts {
  at::Tensor around;  // int64 [Q]: balls that the query lies in
  at::Tensor inside;  // int64 [C]: queries that lie in the ball
};
// As exact as nearest(). radii: float64 [C], 0 or more.
BallCounts count_in_balls(const at::Tensor& queries, const at::Tensor& centers,
                          const at::Tensor& radii);

// For each row the lowest index of a row with the same values (its own where it is the first):
// int64 [N]. rows: floating [N, D].
at::Tensor first_equal_row(const at::Tensor& rows);

}  // namespace ganymede::metrics
