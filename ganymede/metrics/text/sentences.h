// Samples of text as metrics of text see them.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "ganymede/metrics/text/bleu.h"

namespace ganymede::metrics {

// Token numbers of each sample (float32 [N, length], core/token_spec.h) up to its end.
std::vector<Sentence> sentences_of(const at::Tensor& samples);

// Share of `sentences` that are none of `known`; NaN without sentences.
double new_share(const std::vector<Sentence>& sentences, const std::vector<Sentence>& known);

}  // namespace ganymede::metrics
