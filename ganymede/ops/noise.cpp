#include "ganymede/ops/noise.h"

#include <ATen/ATen.h>

#include "ganymede/ops/pointwise/noise.h"
#include "ganymede/ops/pool.h"

namespace ganymede::ops {
namespace {

constexpr double kLeastUniform = 1e-20;  // keeps the logarithm finite

bool usable(const at::Tensor& tensor) {
  return tensor.device().is_cpu() && tensor.scalar_type() == at::kFloat && tensor.is_contiguous() &&
         !tensor.requires_grad();
}

}  // namespace

at::Tensor as_gumbel(at::Tensor uniform) {
  if (!usable(uniform)) return uniform.clamp_min_(kLeastUniform).log_().neg_().log_().neg_();
  gumbel_in_place(uniform.data_ptr<float>(), uniform.numel(), static_cast<float>(kLeastUniform),
                  pool_executor_for(uniform.numel()));
  return uniform;
}

at::Tensor leaky_dropout_factors(const at::Tensor& input, at::Tensor kept, double slope,
                                 double keep) {
  const at::Tensor values = input.detach();
  if (!usable(values) || !usable(kept))
    return kept.mul_(at::where(values > 0, 1 / keep, slope / keep).to(kept.scalar_type()));
  scale_by_sign(values.const_data_ptr<float>(), values.numel(), static_cast<float>(1 / keep),
                static_cast<float>(slope / keep), kept.data_ptr<float>(),
                pool_executor_for(values.numel()));
  return kept;
}

}  // namespace ganymede::ops
