#include "ganymede/loss/spans.h"

#include <ATen/ATen.h>

namespace ganymede::loss {

at::Tensor condition_cross_entropy(const at::Tensor& raw, const at::Tensor& condition,
                                   const std::vector<Span>& spans) {
  std::vector<int64_t> widths;
  for (const Span& span : spans) widths.push_back(span.width);
  const std::vector<at::Tensor> parts = raw.split_with_sizes(widths, 1);
  std::vector<at::Tensor> logs;
  for (size_t i = 0; i < spans.size(); ++i) {
    if (!spans[i].shares.empty()) logs.push_back(at::log_softmax(parts[i], 1));
  }
  return -(at::cat(logs, 1) * condition).sum() / static_cast<double>(raw.size(0));
}

}  // namespace ganymede::loss
