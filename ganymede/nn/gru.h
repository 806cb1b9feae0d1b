// Gated recurrent units (Cho et al. 2014, arXiv 1406.1078), one step at a time.
#pragma once

#include "ganymede/nn/module.h"

namespace ganymede::nn {

// PyTorch's GRUCell with its names (weight_ih [3 H, in], weight_hh [3 H, H], bias_ih, bias_hh;
// gates reset, update, new), all drawn from uniform +-1/sqrt(H).
class GruCell final : public Module {
 public:
  GruCell(int64_t in, int64_t hidden);
  // input [N, in], hidden [N, H] -> the next hidden state [N, H].
  at::Tensor step(const at::Tensor& input, const at::Tensor& hidden);
  // From a hidden state of zeros.
  at::Tensor forward(const at::Tensor& input) override;

 private:
  int64_t hidden_;
  at::Tensor *weight_ih_, *weight_hh_, *bias_ih_, *bias_hh_;
};

}  // namespace ganymede::nn
