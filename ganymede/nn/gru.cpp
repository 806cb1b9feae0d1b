#include "ganymede/nn/gru.h"

#include <ATen/ATen.h>

#include <cmath>

namespace ganymede::nn {
namespace {

Init usual(int64_t hidden) {
  const double bound = 1 / std::sqrt(static_cast<double>(hidden));
  return Init::uniform(-bound, bound);
}

}  // namespace

GruCell::GruCell(int64_t in, int64_t hidden)
    : hidden_(hidden),
      weight_ih_(&parameter("weight_ih", {3 * hidden, in}, usual(hidden))),
      weight_hh_(&parameter("weight_hh", {3 * hidden, hidden}, usual(hidden))),
      bias_ih_(&parameter("bias_ih", {3 * hidden}, usual(hidden))),
      bias_hh_(&parameter("bias_hh", {3 * hidden}, usual(hidden))) {}

at::Tensor GruCell::step(const at::Tensor& input, const at::Tensor& hidden) {
  return at::gru_cell(input, hidden, *weight_ih_, *weight_hh_, *bias_ih_, *bias_hh_);
}

at::Tensor GruCell::forward(const at::Tensor& input) {
  return step(input, at::zeros({input.size(0), hidden_}, input.options()));
}

}  // namespace ganymede::nn
