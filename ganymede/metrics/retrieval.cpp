#include "ganymede/metrics/retrieval.h"

#include <ATen/ATen.h>

namespace ganymede::metrics {
namespace {

constexpr double kSmallest = 1e-12;
constexpr int64_t kFew = 5;

at::Tensor directions(const at::Tensor& rows) {
  const at::Tensor wide = rows.to(at::kDouble);
  return wide / wide.norm(2, 1, /*keepdim=*/true).clamp_min(kSmallest);
}

}  // namespace

Retrieval caption_retrieval(const at::Tensor& samples, const at::Tensor& captions) {
  const at::Tensor words = directions(captions);
  const at::Tensor near = at::matmul(directions(samples), words.t());
  const at::Tensor own = near.diagonal().unsqueeze(1);
  at::Tensor nearer = near.ge(own);
  for (int64_t i = 0; i < captions.size(0); ++i) {
    nearer[i].logical_and_(captions.ne(captions[i]).any(1));  // not another copy of its own caption
  }
  const at::Tensor rank = nearer.sum(1);
  return {.first = rank.lt(1).to(at::kDouble).mean().item<double>(),
          .fifth = rank.lt(kFew).to(at::kDouble).mean().item<double>(),
          .among = captions.size(0)};
}

}  // namespace ganymede::metrics
