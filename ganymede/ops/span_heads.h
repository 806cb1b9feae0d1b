// Heads over the stretches of a row, all of them in one pass.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace ganymede::ops {

enum class Head : int64_t { kSkip, kTanh, kSigmoid, kSoftmax, kLogSoftmax };

struct HeadSpan {
  Head head = Head::kSkip;
  int64_t width = 1;
};

// raw [N, width], the spans one after the other: each through its head. The result has the spans
// that are not skipped, in that order. Softmax is that of (raw + noise) / temperature, log softmax
// that of raw; noise [N, width] or undefined, never differentiated. Differentiable any number of
// times; float32 on the CPU is one pass over the row, everything else LibTorch's operators.
at::Tensor span_heads(const at::Tensor& raw, const std::vector<HeadSpan>& spans,
                      double temperature = 1, const at::Tensor& noise = {});

}  // namespace ganymede::ops
