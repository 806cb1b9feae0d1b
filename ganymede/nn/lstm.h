// Long short-term memory: Hochreiter & Schmidhuber 1997, with forget gates (Gers et al. 2000).
#pragma once

#include "ganymede/nn/module.h"

namespace ganymede::nn {

// One layer with PyTorch's gates (input, forget, cell, output) and names (weight_ih_l0 [4H, in],
// weight_hh_l0 [4H, H], bias_ih_l0, bias_hh_l0).
class Lstm final : public Module {
 public:
  Lstm(int64_t in, int64_t hidden, Init init);

  struct State {
    at::Tensor hidden, cell;  // float32 [N, H]
  };
  State begin(int64_t rows) const;  // zeros
  // After reading one more input, float32 [N, in].
  State step(const at::Tensor& input, const State& state) const;

  // float32 [N, T, in] from zeros -> what is hidden after each input, [N, T, H].
  at::Tensor forward(const at::Tensor& input) override;

 private:
  State advance(const at::Tensor& gates, const State& state) const;

  int64_t hidden_;
  at::Tensor* input_weight_;
  at::Tensor* hidden_weight_;
  at::Tensor* input_bias_;
  at::Tensor* hidden_bias_;
};

}  // namespace ganymede::nn
