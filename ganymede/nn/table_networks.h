// What networks of encoded table rows share: heads by span, and CTGAN's stacks.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "ganymede/core/sample.h"
#include "ganymede/nn/layers.h"

namespace ganymede::nn {

// Raw outputs float32 [N, width] as table rows: tanh of scalars, sigmoid of unit numbers, and
// softmax((logits + noise) / temperature) of one-hot spans (Gumbel-softmax: Jang et al. 2017,
// arXiv 1611.01144, where `noise` is standard Gumbel). noise: float32 [N, width] or undefined.
at::Tensor activate_spans(const at::Tensor& raw, const std::vector<Span>& spans,
                          double temperature = 1, const at::Tensor& noise = {});

// log softmax(raw) of the spans that have shares, one after the other as in a condition: float32
// [N, width] -> [N, SampleSpec::condition_width()].
at::Tensor conditioned_log_shares(const at::Tensor& raw, const std::vector<Span>& spans);

// -log(-log u) for u in [0, 1): standard Gumbel draws in the place of u.
at::Tensor gumbel_of(at::Tensor uniform);

// ReLU(batch norm(linear x)) beside x itself for each of `units`, then a linear layer: [N, in] ->
// [N, out]. Children 0, 1, ..., the blocks' own fc and bn (Xu et al. 2019, arXiv 1907.00503, 4.4).
// The last `one_hot` of the inputs are a condition: where they hold a single 1, or none, it chooses
// columns of the weights instead of being multiplied with them.
ModulePtr concat_mlp(int64_t in, const std::vector<int64_t>& units, int64_t out,
                     int64_t one_hot = 0);

// Linear, leaky ReLU 0.2, dropout for each of `units`, then a linear layer to one logit.
ModulePtr dropout_critic(int64_t in, const std::vector<int64_t>& units, double keep);

}  // namespace ganymede::nn
