// Choosing one of many by unnormalised log-probabilities.
#pragma once

#include <ATen/core/Tensor.h>

namespace ganymede {

// Index of the first element of each row at which the cumulative share of exp(logits) exceeds
// uniform: logits float32 [N, K], uniform [N] in [0, 1) -> int64 [N] on their device. Rows do not
// influence each other, nor do threads. No gradient.
at::Tensor draw_from_logits(const at::Tensor& logits, const at::Tensor& uniform);

}  // namespace ganymede
