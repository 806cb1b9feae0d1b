// A fully connected layer some of whose connections do not exist.
#pragma once

#include "ganymede/nn/module.h"

namespace ganymede::nn {

// y = x (W * mask)^T + b; mask float32 [out, in] of 0 and 1, no part of the state.
class MaskedLinear final : public Module {
 public:
  explicit MaskedLinear(const at::Tensor& mask);
  at::Tensor forward(const at::Tensor& input) override;
  at::Tensor weight() const;  // masked, [out, in]
  const at::Tensor& bias() const { return *bias_; }

 private:
  at::Tensor mask_;
  at::Tensor* weight_;
  at::Tensor* bias_;
};

}  // namespace ganymede::nn
