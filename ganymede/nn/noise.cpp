#include "ganymede/nn/noise.h"

#include <ATen/ATen.h>

namespace ganymede::nn {

at::Tensor GaussianNoise::forward(const at::Tensor& input) {
  if (ForwardScope::mode() != Mode::kTrain) return input;
  const at::Tensor noise = ForwardScope::random().normal(input.sizes());
  return input + noise.to(input.options().requires_grad(false)) * deviation_;
}

ModulePtr gaussian_noise(double deviation) {
  return deviation == 0 ? nullptr : std::make_shared<GaussianNoise>(deviation);
}

}  // namespace ganymede::nn
