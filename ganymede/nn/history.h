// Historical averaging (Salimans et al. 2016, arXiv 1606.03498, sec. 3.3): a player pays for being
// far from the mean of its own past weights.
#pragma once

#include <vector>

#include "ganymede/nn/module.h"

namespace ganymede::nn {

// A network `net` with the running mean of its parameters as buffers ("mean.<path>"), so that a
// checkpoint holds them.
class History final : public Module {
 public:
  explicit History(ModulePtr net);
  at::Tensor forward(const at::Tensor& input) override { return net_->forward(input); }
  at::Tensor features(const at::Tensor& input) override { return net_->features(input); }

  // ||theta - 1/t sum_i theta_i||^2 over all parameters as a scalar; the mean, which counts the
  // present weights as its last, takes no gradient. The mean moves once for each new `step` while
  // the network is not frozen; steps must not fall.
  at::Tensor drift(int64_t step);

 private:
  ModulePtr net_;
  std::vector<at::Tensor*> means_;
  at::Tensor* count_;
  at::Tensor* last_step_;  // float32: exact up to 16 million steps
};

}  // namespace ganymede::nn
