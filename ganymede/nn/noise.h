// Noise as a layer.
#pragma once

#include "ganymede/nn/module.h"

namespace ganymede::nn {

// Adds N(0, deviation^2) to every value in training; evaluation returns the input itself. Draws
// from ForwardScope::random().
class GaussianNoise final : public Module {
 public:
  explicit GaussianNoise(double deviation) : deviation_(deviation) {}
  at::Tensor forward(const at::Tensor& input) override;

 private:
  double deviation_;
};

ModulePtr gaussian_noise(double deviation);  // null for 0: Sequential skips it

}  // namespace ganymede::nn
