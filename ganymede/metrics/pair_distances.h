// Euclidean distances between all pairs of two sets, with proven error bounds: what needs an exact
// answer computes only the few pairs exactly that the bounds leave open.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <vector>

namespace ganymede::metrics {

class PairDistances {
 public:
  // The rows of both are kept, and a centred float32 copy of `points`. queries: floating [Q, D];
  // points: floating [P, D]; both finite and not beyond 1e100. Throws as checked_features does.
  PairDistances(const at::Tensor& queries, const at::Tensor& points);

  int64_t queries() const { return queries_.size(0); }
  int64_t points() const { return points_.size(0); }

  // The exact squared distance is, by definition here, the float64 sum of (q[j] - p[j])^2 in the
  // order of j. It is symmetric in q and p to the bit.
  double exact(int64_t query, int64_t point) const;

  // lower[p] <= exact(query, p) <= upper[p] for every point. Returns false to be asked once more
  // with tighter bounds; `tightest` says that there are none.
  using Visit =
      std::function<bool(int64_t query, const double* lower, const double* upper, bool tightest)>;
  // Calls `visit` for every query, from several threads at once, each query on one of them.
  void each_query(const Visit& visit) const;

 private:
  at::Tensor centred(const at::Tensor& rows, at::ScalarType type) const;
  // Products of centred queries and points, [rows, points], and squared norms of the points.
  struct Products {
    at::Tensor pairs, norms;
  };
  Products single_products(const at::Tensor& rows) const;
  Products double_products(const at::Tensor& rows) const;
  // Visits these queries and returns those that want tighter bounds.
  std::vector<int64_t> visit_rows(const std::vector<int64_t>& rows, bool tight,
                                  const Visit& visit) const;

  at::Tensor queries_;
  at::Tensor points_;
  at::Tensor center_;         // float64 [D]
  double scale_ = 1;          // a power of two: centred values times this lie in [-1, 1]
  double extra_ = 0;          // absolute part of the error where scale_ cannot help
  at::Tensor single_points_;  // float32 [P, D], centred and scaled
  at::Tensor single_norms_;   // float64 [P]
};

}  // namespace ganymede::metrics
