// Finding a sample's caption among many.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace ganymede::metrics {

struct Retrieval {
  double first = 0;  // share of samples that lie nearest to their own caption
  double fifth = 0;  // whose caption is among the five nearest
  int64_t among = 0;
};

// Row i of `samples` (float [N, D]) belongs to row i of `captions` ([N, D]); nearness is their
// cosine. Captions that are the same row as a sample's own do not compete with it; others that are
// just as near count as nearer. Xu et al. 2018, arXiv 1711.10485, sec. 4.2, call the first figure
// R-precision (there among 100 captions).
Retrieval caption_retrieval(const at::Tensor& samples, const at::Tensor& captions);

}  // namespace ganymede::metrics
