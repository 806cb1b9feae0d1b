#include "ganymede/nn/lstm.h"

#include <ATen/ATen.h>

namespace ganymede::nn {

Lstm::Lstm(int64_t in, int64_t hidden, Init init)
    : hidden_(hidden),
      input_weight_(&parameter("weight_ih_l0", {4 * hidden, in}, init)),
      hidden_weight_(&parameter("weight_hh_l0", {4 * hidden, hidden}, init)),
      input_bias_(&parameter("bias_ih_l0", {4 * hidden}, init)),
      hidden_bias_(&parameter("bias_hh_l0", {4 * hidden}, init)) {}

Lstm::State Lstm::begin(int64_t rows) const {
  const at::Tensor zeros =
      at::zeros({rows, hidden_}, hidden_weight_->options().requires_grad(false));
  return {zeros, zeros};
}

// `gates`: float32 [N, 4H] before their functions.
Lstm::State Lstm::advance(const at::Tensor& gates, const State& state) const {
  const at::Tensor soft = at::sigmoid(gates.narrow(1, 0, 2 * hidden_));
  const at::Tensor written =
      soft.narrow(1, 0, hidden_) * at::tanh(gates.narrow(1, 2 * hidden_, hidden_));
  const at::Tensor cell = at::addcmul(written, soft.narrow(1, hidden_, hidden_), state.cell);
  return {at::sigmoid(gates.narrow(1, 3 * hidden_, hidden_)) * at::tanh(cell), cell};
}

Lstm::State Lstm::step(const at::Tensor& input, const State& state) const {
  const at::Tensor read = at::linear(input, *input_weight_, *input_bias_ + *hidden_bias_);
  return advance(at::addmm(read, state.hidden, hidden_weight_->t()), state);
}

at::Tensor Lstm::forward(const at::Tensor& input) {
  // What does not depend on the state is one product for all steps.
  const at::Tensor read =
      at::linear(input, *input_weight_, *input_bias_ + *hidden_bias_).transpose(0, 1).contiguous();
  const at::Tensor weight = hidden_weight_->t();
  State state = begin(input.size(0));
  std::vector<at::Tensor> hidden;
  for (const at::Tensor& gates : read.unbind(0)) {
    state = advance(at::addmm(gates, state.hidden, weight), state);
    hidden.push_back(state.hidden);
  }
  return at::stack(hidden, 1);
}

}  // namespace ganymede::nn
