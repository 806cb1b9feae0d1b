// Minibatch discrimination (Salimans et al. 2016, arXiv 1606.03498, sec. 3.2): every sample is told
// how close the others of its batch are.
#pragma once

#include "ganymede/nn/module.h"

namespace ganymede::nn {

struct MinibatchOptions {
  int64_t kernels = 100;  // B: similarities added to the features
  int64_t dims = 5;       // C: size of the row that a kernel compares
};

// f [N, A] -> [N, A + B]: o_b(x_i) = sum_{j != i} exp(-||M_ib - M_jb||_1) + bias_b beside f, with
// M = f T, T [A, B, C]. As in the authors' code the columns of T have length exp(log_scale).
// Parameters "theta", "log_scale", "bias" (begins at -1). Inside DataInit the mean distance to
// the nearest other sample becomes 2 and every o_b has mean 0. A sample's output depends on its
// batch: a batch of one has no similarity at all.
class MinibatchDiscrimination final : public Module {
 public:
  explicit MinibatchDiscrimination(int64_t in, const MinibatchOptions& options = {});
  at::Tensor forward(const at::Tensor& input) override;

 private:
  at::Tensor distances(const at::Tensor& features) const;
  at::Tensor initialise(const at::Tensor& features, at::Tensor distance);

  MinibatchOptions options_;
  at::Tensor* theta_;
  at::Tensor* log_scale_;
  at::Tensor* bias_;
};

ModulePtr minibatch_discrimination(int64_t in, const MinibatchOptions& options = {});

}  // namespace ganymede::nn
