// Kernel Inception distance (Binkowski et al. 2018, arXiv 1801.01401, sec. 4): the squared maximum
// mean discrepancy of features under the kernel (x.y / D + 1)^3, unbiased (Gretton et al. 2012,
// eq. 3), averaged over subsets. Negative values are possible and right: the mean over equal
// distributions is 0; a copy of the reals lies below it.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace ganymede::metrics {

struct KernelDistance {
  double mean = 0;
  double sd = 0;  // over the subsets (divided by their number, as torch-fidelity does)
  int64_t subsets = 0;
  int64_t subset_size = 0;
};

// Rows that subset `subset` takes of a side's `count` samples: int64 [size], all different.
at::Tensor kernel_subset(int64_t count, int64_t size, uint64_t seed, bool real, int64_t subset);

// real, fake: floating [N, D] of two samples or more; a subset has `subset_size` samples of either
// side, fewer where a side has fewer. In float64; the same bits for any number of threads. Memory
// beyond the inputs: 2 subsets in float64 per thread. UsageError for other shapes or sizes below 2.
KernelDistance kernel_distance(const at::Tensor& real, const at::Tensor& fake, uint64_t seed,
                               int64_t subsets = 100, int64_t subset_size = 1000);

// The same over given subsets: int64 [S, m], m >= 2, rows of either side.
KernelDistance kernel_distance_over(const at::Tensor& real, const at::Tensor& fake,
                                    const at::Tensor& real_rows, const at::Tensor& fake_rows);

}  // namespace ganymede::metrics
