// A linear layer of which some connections do not exist.
#pragma once

#include "ganymede/nn/module.h"

namespace ganymede::nn {

// y = x (W * mask)^T + b with a constant mask of 0 and 1, float32 [out, in] as W. W begins uniform
// in +-1/sqrt(in), b at 0.
class MaskedLinear final : public Module {
 public:
  explicit MaskedLinear(const at::Tensor& mask);
  at::Tensor forward(const at::Tensor& input) override;

  at::Tensor weight() const;  // W * mask
  const at::Tensor& bias() const { return *bias_; }

 private:
  at::Tensor mask_;
  at::Tensor* weight_;
  at::Tensor* bias_;
};

}  // namespace ganymede::nn
