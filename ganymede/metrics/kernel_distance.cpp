#include "ganymede/metrics/kernel_distance.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <string>
#include <vector>

#include "ganymede/core/error.h"
#include "ganymede/metrics/draw.h"
#include "ganymede/metrics/feature_checks.h"
#include "ganymede/metrics/one_thread.h"
#include "ganymede/metrics/spread.h"

namespace ganymede::metrics {
namespace {

constexpr const char* kWhere = "metrics::kernel_distance";
constexpr int64_t kTile = 256;  // rows of a kernel matrix that are held at once

// The sum of k(x_i, y_j) over all i and j; without i == j when both are one set.
double kernel_sum(const at::Tensor& x, const at::Tensor& y, bool same) {
  double sum = 0;
  const auto dim = static_cast<double>(x.size(1));
  for (int64_t i = 0; i < x.size(0); i += kTile) {
    at::Tensor kernel =
        x.slice(0, i, i + kTile).matmul(y.transpose(0, 1)).div_(dim).add_(1).pow_(3);
    if (same) kernel.diagonal(i).zero_();
    sum += kernel.sum().item<double>();
  }
  return sum;
}

double unbiased_mmd2(const at::Tensor& x, const at::Tensor& y) {
  const auto m = static_cast<double>(x.size(0));
  const auto n = static_cast<double>(y.size(0));
  return kernel_sum(x, x, true) / (m * (m - 1)) + kernel_sum(y, y, true) / (n * (n - 1)) -
         2 * kernel_sum(x, y, false) / (m * n);
}

void check_rows(const at::Tensor& rows, int64_t count) {
  const bool fits = rows.dim() == 2 && rows.scalar_type() == at::kLong && rows.size(0) > 0 &&
                    rows.size(1) > 1 && rows.min().item<int64_t>() >= 0 &&
                    rows.max().item<int64_t>() < count;
  if (fits) return;
  throw UsageError({.where = kWhere,
                    .found = "subsets of a wrong shape, or with rows that there are not",
                    .allowed = "int64 [subsets, 2 or more samples]"});
}

at::Tensor draw_subsets(int64_t count, int64_t subsets, int64_t size, uint64_t seed, bool real) {
  std::vector<at::Tensor> rows;
  rows.reserve(static_cast<size_t>(subsets));
  for (int64_t s = 0; s < subsets; ++s) rows.push_back(kernel_subset(count, size, seed, real, s));
  return at::stack(rows);
}

}  // namespace

at::Tensor kernel_subset(int64_t count, int64_t size, uint64_t seed, bool real, int64_t subset) {
  return draw_without_replacement(count, size, seed,
                                  real ? "kernel distance real" : "kernel distance fake",
                                  static_cast<uint64_t>(subset));
}

KernelDistance kernel_distance(const at::Tensor& real, const at::Tensor& fake, uint64_t seed,
                               int64_t subsets, int64_t subset_size) {
  const at::Tensor r = checked_features(real, kWhere, 2);
  const at::Tensor f = checked_features(fake, kWhere, 2);
  const int64_t size = std::min({subset_size, r.size(0), f.size(0)});
  if (subsets < 1 || size < 2) {
    throw UsageError({.where = kWhere,
                      .found = std::to_string(subsets) + " subsets of " + std::to_string(size),
                      .allowed = "1 or more of 2 or more samples"});
  }
  return kernel_distance_over(r, f, draw_subsets(r.size(0), subsets, size, seed, true),
                              draw_subsets(f.size(0), subsets, size, seed, false));
}

KernelDistance kernel_distance_over(const at::Tensor& real, const at::Tensor& fake,
                                    const at::Tensor& real_rows, const at::Tensor& fake_rows) {
  const at::NoGradGuard no_grad;
  const at::Tensor r = checked_features(real, kWhere, 2);
  const at::Tensor f = checked_features(fake, kWhere, 2);
  check_same_dim(r, f, kWhere);
  check_rows(real_rows, r.size(0));
  check_rows(fake_rows, f.size(0));
  if (real_rows.size(0) != fake_rows.size(0)) {
    throw UsageError({.where = kWhere,
                      .found = "another number of subsets of reals than of fakes",
                      .allowed = "pairs of subsets"});
  }
  std::vector<double> values(static_cast<size_t>(real_rows.size(0)));
  each_on_one_thread(real_rows.size(0), [&](int64_t s) {
    values[static_cast<size_t>(s)] = unbiased_mmd2(r.index_select(0, real_rows[s]).to(at::kDouble),
                                                   f.index_select(0, fake_rows[s]).to(at::kDouble));
  });
  const Spread spread = spread_of(values);
  return {.mean = spread.mean,
          .sd = spread.sd,
          .subsets = real_rows.size(0),
          .subset_size = real_rows.size(1)};
}

}  // namespace ganymede::metrics
