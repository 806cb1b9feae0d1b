// Losses over encoded table rows.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "ganymede/core/sample.h"

namespace ganymede::loss {

// Cross-entropy of the conditioned span: sum over the spans with shares of -<condition, log
// softmax(raw)>, mean over the rows; a row counts in the one span that its condition is in (Xu et
// al. 2019, arXiv 1907.00503, 4.3). raw: float32 [N, width], the generator's outputs before its
// heads; condition: float32 [N, condition width].
at::Tensor condition_cross_entropy(const at::Tensor& raw, const at::Tensor& condition,
                                   const std::vector<Span>& spans);

}  // namespace ganymede::loss
