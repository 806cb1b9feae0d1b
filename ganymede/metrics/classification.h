// How well class logits name the classes of labelled samples.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace ganymede::metrics {

struct Classification {
  double accuracy = 0;            // share of labelled samples that are named rightly
  std::vector<double> per_class;  // likewise within each class; NaN without samples
  int64_t samples = 0;            // that had a label
};

// logits: floating [N, categories]; labels: int64 [N] in [0, classes), -1 for none. With `found`
// the categories have no order of their own: each stands for the class that the best matching gives
// it, one for one (best_matching). UsageError for other shapes, or categories that are not the
// classes without `found`.
Classification judge_classes(const at::Tensor& logits, const at::Tensor& labels, int64_t classes,
                             bool found);

// The assignment of rows to different columns with the largest sum of gains (Kuhn 1955; in the form
// of Jonker & Volgenant 1987): for each row its column, -1 where there are more rows than columns.
// gains: floating or int64 [rows, columns].
std::vector<int64_t> best_matching(const at::Tensor& gains);

}  // namespace ganymede::metrics
