// Error bounds. Let a, b be a query and a point after subtracting a common center in float64 and
// scaling by a power of two (exact), and a', b' their roundings to a type of unit roundoff u:
// |a' - a| <= u |a| componentwise, the same for b. With A = |a'|^2, B = |b'|^2:
//   - the matrix product g of a' and b' sums chunks of at most kChunk terms in that type, in any
//     order, fused or not, so a chunk errs by at most kChunk u / (1 - kChunk u) |a'_c| |b'_c|
//     (Higham 2002, "Accuracy and stability of numerical algorithms", sec. 3.1), and by
//     Cauchy-Schwarz all chunks together, added in float64, by that factor times
//     |a'| |b'| <= (A + B) / 2; g enters the squared distance A + B - 2 g twice;
//   - rounding a and b moves |a - b| by at most u (|a| + |b|), its square by at most
//     4 u (A + B) up to terms in u^2;
//   - the center is subtracted in float64, which adds the same with 2^-53; so do A and B summed in
//     float64 (D terms), the sum of the chunks, and the exact distance's own rounding (D + 2 terms
//     of a distance of at most 2 (A + B)): all together below (8 D + 64) 2^-53 (A + B).
// So relative = (kChunk + 8) u 1.01 + (8 D + 64) 2^-53 covers all of it. Underflow in the type
// loses at most its smallest normal number per component and product, together below 16 D of them;
// `absolute` takes 64 D, and for float64 of a larger number, so that it also covers what the exact
// distance loses for spreads down to kSmallest. This holds for matrix products that are computed in
// the type itself: LibTorch's default; its reduced float32 precisions must stay off.
#include "ganymede/metrics/pair_distances.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "ganymede/core/error.h"
#include "ganymede/metrics/feature_checks.h"
#include "ganymede/metrics/one_thread.h"

namespace ganymede::metrics {
namespace {

constexpr const char* kWhere = "metrics::PairDistances";
constexpr int64_t kChunk = 1024;      // features per matrix product
constexpr int64_t kPointTile = 4096;  // points that are held as float64 at once
constexpr int64_t kPairs = 1 << 20;   // pairs per piece of work
constexpr double kLargest = 1e100;    // squares must not overflow
constexpr double kSmallest = 1e-24;   // smaller spreads are compared pair by pair

double largest(const at::Tensor& rows, const at::Tensor& center) {
  double most = 0;
  for (int64_t i = 0; i < rows.size(0); i += kPointTile) {
    const at::Tensor part = rows.slice(0, i, i + kPointTile).to(at::kDouble) - center;
    most = std::max(most, part.abs().max().item<double>());
  }
  return most;
}

void check_range(const at::Tensor& rows) {
  if (largest(rows, at::zeros({1}, at::kDouble)) <= kLargest) return;
  throw NumericError(
      {.where = kWhere, .found = "a feature beyond 1e100", .allowed = "values up to 1e100"});
}

at::Tensor mean_of(const at::Tensor& rows) { return rows.mean(0, false, at::kDouble); }

// Squared norms, summed in float64.
at::Tensor norms_of(const at::Tensor& rows) {
  at::Tensor norms = at::empty({rows.size(0)}, at::kDouble);
  for (int64_t i = 0; i < rows.size(0); i += kPointTile) {
    norms.slice(0, i, i + kPointTile)
        .copy_(rows.slice(0, i, i + kPointTile).to(at::kDouble).square().sum(1));
  }
  return norms;
}

template <typename Real>
double squared_distance(const at::Tensor& a, int64_t i, const at::Tensor& b, int64_t j) {
  const int64_t dim = a.size(1);
  const Real* x = a.const_data_ptr<Real>() + i * dim;
  const Real* y = b.const_data_ptr<Real>() + j * dim;
  double sum = 0;
  for (int64_t d = 0; d < dim; ++d) {
    const double difference = static_cast<double>(x[d]) - static_cast<double>(y[d]);
    sum += difference * difference;
  }
  return sum;
}

// In the type of both; more than one chunk of features is summed in float64.
at::Tensor products_of(const at::Tensor& queries, const at::Tensor& points) {
  const auto chunk = [&](int64_t c) {
    return queries.slice(1, c, c + kChunk).matmul(points.slice(1, c, c + kChunk).transpose(0, 1));
  };
  if (queries.size(1) <= kChunk) return chunk(0);
  at::Tensor sum = at::zeros({queries.size(0), points.size(0)}, at::kDouble);
  for (int64_t c = 0; c < queries.size(1); c += kChunk) sum.add_(chunk(c));
  return sum;
}

// What turns products into bounds: distance = query_norm + norms[j] - 2 products[j].
struct Margin {
  double relative, absolute, unscale;
};

template <typename Real>
void fill_bounds(const Real* products, double query_norm, const at::Tensor& norms,
                 const Margin& margin, double* lower, double* upper) {
  const double* norm = norms.const_data_ptr<double>();
  for (int64_t j = 0; j < norms.size(0); ++j) {
    const double sum = query_norm + norm[j];
    const double distance = sum - 2 * static_cast<double>(products[j]);
    const double error = sum * margin.relative + margin.absolute;
    lower[j] = (distance - error) * margin.unscale;
    upper[j] = (distance + error) * margin.unscale;
  }
}

}  // namespace

PairDistances::PairDistances(const at::Tensor& queries, const at::Tensor& points)
    : queries_(checked_features(queries, kWhere)), points_(checked_features(points, kWhere)) {
  const at::NoGradGuard no_grad;
  check_same_dim(queries_, points_, kWhere);
  check_range(queries_);
  check_range(points_);
  if (queries_.scalar_type() != points_.scalar_type()) {
    queries_ = queries_.to(at::kDouble);
    points_ = points_.to(at::kDouble);
  }
  center_ = mean_of(points_);
  const double most = std::max(largest(queries_, center_), largest(points_, center_));
  if (most < kSmallest) {
    extra_ = std::numeric_limits<double>::infinity();
  } else {
    scale_ = std::exp2(-std::ceil(std::log2(most)) - 1);
  }
  single_points_ = at::empty(points_.sizes(), at::kFloat);
  for (int64_t i = 0; i < this->points(); i += kPointTile) {
    single_points_.slice(0, i, i + kPointTile)
        .copy_(centred(points_.slice(0, i, i + kPointTile), at::kFloat));
  }
  single_norms_ = norms_of(single_points_);
}

at::Tensor PairDistances::centred(const at::Tensor& rows, at::ScalarType type) const {
  return ((rows.to(at::kDouble) - center_) * scale_).to(type);
}

double PairDistances::exact(int64_t query, int64_t point) const {
  return points_.scalar_type() == at::kFloat
             ? squared_distance<float>(queries_, query, points_, point)
             : squared_distance<double>(queries_, query, points_, point);
}

PairDistances::Products PairDistances::single_products(const at::Tensor& rows) const {
  return {products_of(rows, single_points_), single_norms_};
}

PairDistances::Products PairDistances::double_products(const at::Tensor& rows) const {
  const at::Tensor pairs = at::empty({rows.size(0), points()}, at::kDouble);
  const at::Tensor norms = at::empty({points()}, at::kDouble);
  for (int64_t i = 0; i < points(); i += kPointTile) {
    const at::Tensor part = centred(points_.slice(0, i, i + kPointTile), at::kDouble);
    pairs.slice(1, i, i + kPointTile).copy_(products_of(rows, part));
    norms.slice(0, i, i + kPointTile).copy_(norms_of(part));
  }
  return {pairs, norms};
}

std::vector<int64_t> PairDistances::visit_rows(const std::vector<int64_t>& rows, bool tight,
                                               const Visit& visit) const {
  const auto dim = static_cast<double>(queries_.size(1));
  const double unit = tight ? 0x1p-53 : 0x1p-24;
  const Margin margin = {.relative = (kChunk + 8) * unit * 1.01 + (8 * dim + 64) * 0x1p-53,
                         .absolute = 64 * dim * (tight ? 0x1p-900 : 0x1p-126) + extra_,
                         .unscale = 1 / (scale_ * scale_)};
  const at::Tensor queries = centred(queries_.index_select(0, at::tensor(rows, at::kLong)),
                                     tight ? at::kDouble : at::kFloat);
  const at::Tensor query_norms = norms_of(queries);
  const auto [pairs, norms] = tight ? double_products(queries) : single_products(queries);
  std::vector<double> lower(static_cast<size_t>(points()));
  std::vector<double> upper(lower.size());
  std::vector<int64_t> open;
  for (size_t i = 0; i < rows.size(); ++i) {
    const double norm = query_norms.const_data_ptr<double>()[i];
    const size_t at = i * lower.size();
    if (pairs.scalar_type() == at::kFloat) {
      fill_bounds(pairs.const_data_ptr<float>() + at, norm, norms, margin, lower.data(),
                  upper.data());
    } else {
      fill_bounds(pairs.const_data_ptr<double>() + at, norm, norms, margin, lower.data(),
                  upper.data());
    }
    if (!visit(rows[i], lower.data(), upper.data(), tight)) open.push_back(rows[i]);
  }
  return open;
}

void PairDistances::each_query(const Visit& visit) const {
  const int64_t tile = std::clamp<int64_t>(kPairs / points(), 8, 256);
  each_on_one_thread((queries() + tile - 1) / tile, [&](int64_t t) {
    std::vector<int64_t> rows(static_cast<size_t>(std::min(tile, queries() - t * tile)));
    std::iota(rows.begin(), rows.end(), t * tile);
    const std::vector<int64_t> open = visit_rows(rows, /*tight=*/false, visit);
    if (!open.empty()) visit_rows(open, /*tight=*/true, visit);
  });
}

}  // namespace ganymede::metrics
