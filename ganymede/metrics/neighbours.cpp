#include "ganymede/metrics/neighbours.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "ganymede/core/error.h"
#include "ganymede/metrics/feature_checks.h"
#include "ganymede/metrics/pair_distances.h"

namespace ganymede::metrics {
namespace {

constexpr const char* kWhere = "metrics::nearest";

using Found = std::pair<double, int64_t>;  // squared distance, index: compares as ties want it

// The k-th smallest value of those that `skip` leaves.
double kth_smallest(const double* values, int64_t count, int64_t k, int64_t skip) {
  std::vector<double> heap;  // the k smallest so far, the largest in front
  heap.reserve(static_cast<size_t>(k) + 1);
  for (int64_t j = 0; j < count; ++j) {
    if (j == skip) continue;
    const bool full = static_cast<int64_t>(heap.size()) == k;
    if (full && !(values[j] < heap.front())) continue;
    heap.push_back(values[j]);
    std::push_heap(heap.begin(), heap.end());
    if (!full) continue;
    std::pop_heap(heap.begin(), heap.end());
    heap.pop_back();
  }
  return heap.front();
}

// Points that may be among the k nearest. The k points of the smallest upper bounds lie within the
// k-th of these bounds, so the k nearest do, ties included, and their lower bounds as well.
std::vector<int64_t> candidates(const double* lower, const double* upper, int64_t count, int64_t k,
                                int64_t skip) {
  const double limit = kth_smallest(upper, count, k, skip);
  std::vector<int64_t> result;
  for (int64_t j = 0; j < count; ++j) {
    if (j != skip && lower[j] <= limit) result.push_back(j);
  }
  return result;
}

// Exact distances of the candidates, once per group of equal points.
std::vector<Found> exact_distances(const PairDistances& pairs, int64_t query,
                                   const std::vector<int64_t>& points, const int64_t* first_equal) {
  std::unordered_map<int64_t, double> known;
  std::vector<Found> found;
  found.reserve(points.size());
  for (const int64_t j : points) {
    const auto [entry, fresh] = known.try_emplace(first_equal[j], 0.0);
    if (fresh) entry->second = pairs.exact(query, j);
    found.emplace_back(entry->second, j);
  }
  return found;
}

void check_k(int64_t k, int64_t queries, int64_t points, bool same_set) {
  if (same_set && queries != points) {
    throw UsageError({.where = kWhere,
                      .found = "one set of two sizes",
                      .allowed = "the same samples as queries and points"});
  }
  const int64_t most = same_set ? points - 1 : points;
  if (k >= 1 && k <= most) return;
  throw UsageError({.where = kWhere,
                    .found = std::to_string(k) + " neighbours",
                    .allowed = "1 to " + std::to_string(most)});
}

// Whether distances are decided against `limit` by their bounds: the squares of bounds and limit
// carry a rounding of a few 2^-53 that the factors outweigh.
bool surely_below(double upper, double limit) { return upper < limit * limit * (1 - 0x1p-48); }
bool surely_not_below(double lower, double limit) { return lower > limit * limit * (1 + 0x1p-48); }

}  // namespace

Neighbours nearest(const at::Tensor& queries, const at::Tensor& points, int64_t k, bool same_set) {
  const at::NoGradGuard no_grad;
  const PairDistances pairs(queries, points);
  check_k(k, pairs.queries(), pairs.points(), same_set);
  const at::Tensor equal = first_equal_row(points);
  Neighbours result = {at::empty({pairs.queries(), k}, at::kDouble),
                       at::empty({pairs.queries(), k}, at::kLong)};
  double* distances = result.distances.data_ptr<double>();
  int64_t* indices = result.indices.data_ptr<int64_t>();
  const auto crowded = static_cast<size_t>(4 * k + 32);
  pairs.each_query([&](int64_t query, const double* lower, const double* upper, bool tightest) {
    const std::vector<int64_t> near =
        candidates(lower, upper, pairs.points(), k, same_set ? query : -1);
    if (near.size() > crowded && !tightest) return false;
    std::vector<Found> found = exact_distances(pairs, query, near, equal.const_data_ptr<int64_t>());
    std::partial_sort(found.begin(), found.begin() + k, found.end());
    for (int64_t i = 0; i < k; ++i) {
      distances[query * k + i] = std::sqrt(found[static_cast<size_t>(i)].first);
      indices[query * k + i] = found[static_cast<size_t>(i)].second;
    }
    return true;
  });
  return result;
}

BallCounts count_in_balls(const at::Tensor& queries, const at::Tensor& centers,
                          const at::Tensor& radii) {
  const at::NoGradGuard no_grad;
  const PairDistances pairs(queries, centers);
  const at::Tensor limits = radii.to(at::kCPU, at::kDouble).contiguous();
  if (limits.dim() != 1 || limits.size(0) != pairs.points()) {
    throw UsageError({.where = "metrics::count_in_balls",
                      .found = "another number of radii than of centers",
                      .allowed = "one radius per center"});
  }
  const double* limit = limits.const_data_ptr<double>();
  at::Tensor around = at::zeros({pairs.queries()}, at::kLong);
  int64_t* counts = around.data_ptr<int64_t>();
  std::vector<std::atomic<int64_t>> inside(static_cast<size_t>(pairs.points()));
  pairs.each_query([&](int64_t query, const double* lower, const double* upper, bool tightest) {
    std::vector<int64_t> in;
    std::vector<int64_t> open;
    for (int64_t j = 0; j < pairs.points(); ++j) {
      if (surely_not_below(lower[j], limit[j])) continue;
      (surely_below(upper[j], limit[j]) ? in : open).push_back(j);
    }
    if (!tightest && open.size() > 32) return false;
    for (const int64_t j : open) {
      if (std::sqrt(pairs.exact(query, j)) < limit[j]) in.push_back(j);
    }
    for (const int64_t j : in) inside[static_cast<size_t>(j)].fetch_add(1);
    counts[query] = static_cast<int64_t>(in.size());
    return true;
  });
  const std::vector<int64_t> plain(inside.begin(), inside.end());
  return {around, at::tensor(plain, at::kLong)};
}

at::Tensor first_equal_row(const at::Tensor& rows) {
  const at::Tensor plain = checked_features(rows, "metrics::first_equal_row");
  const size_t bytes = static_cast<size_t>(plain.size(1)) * plain.element_size();
  const char* data = static_cast<const char*>(plain.const_data_ptr());
  std::unordered_map<std::string_view, int64_t> first;
  at::Tensor result = at::empty({plain.size(0)}, at::kLong);
  for (int64_t i = 0; i < plain.size(0); ++i) {
    const std::string_view row(data + static_cast<size_t>(i) * bytes, bytes);
    result.data_ptr<int64_t>()[i] = first.try_emplace(row, i).first->second;
  }
  return result;
}

}  // namespace ganymede::metrics
