// How many different samples a generator can make: the birthday test of Arora & Zhang 2017,
// arXiv 1706.08224.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace ganymede::metrics {

struct Support {
  int64_t batch = 0;  // the smallest batch of which half hold a pair of duplicates
  double collision_rate =
      0;  // share of the drawn batches of that size that do; 0: none seen at all
  // Equally likely samples that would collide as often: batch (batch - 1) / (-2 log(1 - rate)).
  // Without any duplicates a lower bound: that formula with a rate of 1/2 for all samples.
  double estimated_support = 0;
};

// features: floating [N, D], N >= 2. Two samples are duplicates where they are no farther apart
// than duplicate_distance (0 or more; the paper lets a person judge the closest pairs). Batches are
// first samples of 400 keyed permutations; kSupportMost of more samples are looked at. They share
// their samples, so a support beyond a few times N is a rough guess. UsageError for other values.
inline constexpr int64_t kSupportMost = 10'000;
Support support_size(const at::Tensor& features, double duplicate_distance, uint64_t seed);

}  // namespace ganymede::metrics
