#include "ganymede/loss/spans.h"

#include <ATen/ATen.h>

#include "ganymede/nn/table_networks.h"

namespace ganymede::loss {

at::Tensor condition_cross_entropy(const at::Tensor& raw, const at::Tensor& condition,
                                   const std::vector<Span>& spans) {
  const at::Tensor logs = nn::conditioned_log_shares(raw, spans);
  return -(logs * condition).sum() / static_cast<double>(raw.size(0));
}

}  // namespace ganymede::loss
