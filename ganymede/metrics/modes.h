// How many modes of a known mixture a generator reaches: the 8-ring and 25-grid tables of VEEGAN
// (Srivastava et al. 2017, arXiv 1705.07761, sec. 4.1) and PacGAN.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace ganymede::metrics {

struct ModeReport {
  int64_t modes = 0;  // how many there are
  int64_t found = 0;  // with at least one high-quality sample
  int64_t samples = 0;
  double high_quality_share = 0;  // of the samples: within `limit_sds` of some centre
  std::vector<int64_t> counts;    // high-quality samples by nearest centre
  double kl_to_uniform = 0;       // KL(counts | uniform) in nats; log(modes) without any
};

// points: floating [N, D], N >= 1; centers: floating [K, D], K >= 1; sd: of each mode along each
// axis, > 0. A sample belongs to its nearest centre and is of high quality within
// limit_sds * sd of it (Euclidean). UsageError for other shapes; non-finite points are of no
// quality.
ModeReport count_modes(const at::Tensor& points, const at::Tensor& centers, double sd,
                       double limit_sds = 3.0);

}  // namespace ganymede::metrics
