// Whether a generator repeats its training samples.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace ganymede::metrics {

// A fake counts as a copy where its nearest training sample is less than kCopyRatio times as far as
// the second nearest (the rule of Yoon et al. 2023, "Diffusion probabilistic models generalize when
// they fail to memorize", and Gu et al. 2023, arXiv 2310.02664). For independent samples the d-th
// power of the ratio is about uniform in d dimensions, so that the share is about 3^-d: not 0 in
// few dimensions. Hence the comparison with unseen samples.
inline constexpr double kCopyRatio = 1.0 / 3;

struct Memorisation {
  double authentic = 0;  // authentic_share(); with its caveat
  double copies = 0;     // share of the fakes that are copies
  double median_ratio =
      0;  // distance to the nearest over the second nearest, median over the fakes
  // The same two for samples that cannot have been copied: `holdout` where given, else each
  // training sample among the others.
  double unseen_copies = 0;
  double unseen_median_ratio = 0;
  // The share of copies exceeds that of unseen samples by 0.01 and by three standard errors. Few
  // unseen samples can only show a large excess: 16 one of 0.17, 1,000 one of about 0.01.
  bool flagged = false;
  at::Tensor nearest;    // int64 [M]: each fake's nearest training sample
  at::Tensor distances;  // float64 [M]: how far it is
};

// train: floating [N, D] with three different samples or more; fake: floating [M, D]; holdout:
// floating [H, D] from the data but not seen in training, or undefined. Copies of a training sample
// in the training set count once. A collapsed generator (dense, but no copies) is not flagged, and
// neither are copies that the features cannot tell, or of a sample with near-duplicates: look at
// the nearest samples too. Exact (see nearest()). UsageError for other shapes.
Memorisation memorisation(const at::Tensor& train, const at::Tensor& fake,
                          const at::Tensor& holdout = {});

}  // namespace ganymede::metrics
