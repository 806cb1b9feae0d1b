#include "ganymede/nn/weight_norm.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

namespace ganymede::nn {

WeightNormLinear::WeightNormLinear(int64_t in, int64_t out, const WeightNormOptions& options)
    : weight_(&parameter("weight", {out, in}, Init::normal(0, options.weight_deviation))),
      scale_(options.trained_scale ? &parameter("scale", {out}, Init::constant(1))
                                   : &buffer("scale", {out}, 1)),
      bias_(&parameter("bias", {out}, Init::constant(0))) {}

at::Tensor WeightNormLinear::forward(const at::Tensor& input) {
  const at::Tensor length = weight_->square().sum(1).sqrt();
  return at::linear(input, *weight_ * (*scale_ / length).unsqueeze(1), *bias_);
}

at::Tensor WeightNormLinear::fit(const at::Tensor& input) {
  const at::NoGradGuard no_grad;
  bias_->zero_();
  const at::Tensor plain = forward(input);
  const at::Tensor mean = plain.mean(0);
  const at::Tensor deviation = (plain - mean).square().mean(0).sqrt();
  const at::Tensor factor = at::where(deviation > 1e-6, 1 / deviation, at::ones_like(deviation));
  scale_->mul_(factor);
  bias_->copy_(-mean * factor);
  return forward(input);
}

}  // namespace ganymede::nn
