#include "ganymede/metrics/support.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "ganymede/core/error.h"
#include "ganymede/core/random.h"
#include "ganymede/metrics/draw.h"
#include "ganymede/metrics/feature_checks.h"
#include "ganymede/metrics/pair_distances.h"

namespace ganymede::metrics {
namespace {

constexpr const char* kWhere = "metrics::support_size";
constexpr int64_t kTrials = 400;

using Bits = std::vector<uint64_t>;

size_t word(int64_t i) { return static_cast<size_t>(i) / 64; }
uint64_t mask(int64_t i) { return uint64_t{1} << (static_cast<size_t>(i) % 64); }

// Row i has the bit of every other sample that is its duplicate.
std::vector<Bits> duplicates(const at::Tensor& samples, double distance) {
  const PairDistances pairs(samples, samples);
  const double limit = distance * distance;
  std::vector<Bits> rows(static_cast<size_t>(samples.size(0)), Bits(word(samples.size(0)) + 1));
  pairs.each_query([&](int64_t i, const double* lower, const double* upper, bool tightest) {
    Bits& row = rows[static_cast<size_t>(i)];
    std::vector<int64_t> open;
    for (int64_t j = 0; j < pairs.points(); ++j) {
      if (j == i || lower[j] > limit) continue;
      if (upper[j] <= limit) {
        row[word(j)] |= mask(j);
      } else {
        open.push_back(j);
      }
    }
    if (!tightest && open.size() > 32) return false;
    for (const int64_t j : open) {
      if (pairs.exact(i, j) <= limit) row[word(j)] |= mask(j);
    }
    return true;
  });
  return rows;
}

// Samples drawn up to the first duplicate of an earlier one; one more than there are without any.
int64_t first_collision(const std::vector<Bits>& rows, const Permutation& order) {
  const auto count = static_cast<int64_t>(order.size());
  Bits seen(rows.front().size());
  for (int64_t n = 0; n < count; ++n) {
    const auto drawn = static_cast<int64_t>(order(static_cast<uint64_t>(n)));
    const Bits& row = rows[static_cast<size_t>(drawn)];
    for (size_t w = 0; w < seen.size(); ++w) {
      if (row[w] & seen[w]) return n + 1;
    }
    seen[word(drawn)] |= mask(drawn);
  }
  return count + 1;
}

double support_of(int64_t batch, double rate) {
  const auto s = static_cast<double>(batch);
  return s * (s - 1) / (-2 * std::log1p(-rate));
}

}  // namespace

Support support_size(const at::Tensor& features, double duplicate_distance, uint64_t seed) {
  const at::NoGradGuard no_grad;
  at::Tensor samples = checked_features(features, kWhere, 2);
  if (!(duplicate_distance >= 0)) {
    throw UsageError({.where = kWhere,
                      .found = "a duplicate distance of " + std::to_string(duplicate_distance),
                      .allowed = "0 or more"});
  }
  if (samples.size(0) > kSupportMost) {
    samples = samples.index_select(
        0, draw_without_replacement(samples.size(0), kSupportMost, seed, "support samples", 0));
  }
  const int64_t count = samples.size(0);
  const std::vector<Bits> rows = duplicates(samples, duplicate_distance);
  std::vector<int64_t> firsts;
  firsts.reserve(kTrials);
  for (int64_t t = 0; t < kTrials; ++t) {
    firsts.push_back(first_collision(rows, Permutation(static_cast<uint64_t>(count), seed,
                                                       "support", static_cast<uint64_t>(t))));
  }
  std::sort(firsts.begin(), firsts.end());
  const int64_t batch = firsts[kTrials / 2 - 1];
  if (batch > count) {
    return {.batch = count, .collision_rate = 0, .estimated_support = support_of(count, 0.5)};
  }
  const auto within = std::upper_bound(firsts.begin(), firsts.end(), batch) - firsts.begin();
  // All trials in one size (everything is a duplicate) would make the estimate 0: half a trial
  // less.
  const double rate = static_cast<double>(within) / kTrials;
  const double bounded = std::min(rate, 1 - 0.5 / kTrials);
  return {.batch = batch, .collision_rate = rate, .estimated_support = support_of(batch, bounded)};
}

}  // namespace ganymede::metrics
