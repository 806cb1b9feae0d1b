// Virtual batch normalisation (Salimans et al. 2016, arXiv 1606.03498, sec. 3.5): a sample is
// normalised by the statistics of a fixed reference batch and of itself, so that the samples of a
// batch do not depend on each other.
#pragma once

#include "ganymede/nn/module.h"

namespace ganymede::nn {

// The layer, for use within VirtualBatch: in training the first `reference_rows` rows are the
// reference batch, normalised by their own statistics; each other row is normalised by the mean of
// x and x^2 over the reference batch and itself (weights R/(R+1) and 1/(R+1), as in the authors'
// code). [R + N, C] or [R + N, C, H, W]; gain and bias per channel.
//
// The reference batch's statistics are buffers ("mean", "variance"). Evaluation takes them from
// there, so that sampling costs no pass of the reference batch; an averaged network averages them.
class VirtualBatchNorm final : public Module {
 public:
  VirtualBatchNorm(int64_t channels, int64_t reference_rows, double gain_deviation = 0);
  at::Tensor forward(const at::Tensor& input) override;

 private:
  at::Tensor normalised(const at::Tensor& input, const at::Tensor& mean,
                        const at::Tensor& variance) const;
  at::Tensor beside_reference(const at::Tensor& rows, const at::Tensor& mean,
                              const at::Tensor& variance) const;
  void remember(const at::Tensor& mean, const at::Tensor& variance);

  int64_t reference_rows_;
  at::Tensor* weight_;
  at::Tensor* bias_;
  at::Tensor* mean_;
  at::Tensor* variance_;
};

// A network `body` of such layers with its reference batch, the buffer "reference" [R, ...shape]:
// zeros until set_reference (below). Training runs the reference batch in front of the input.
class VirtualBatch final : public Module {
 public:
  VirtualBatch(ModulePtr body, int64_t reference_rows, const std::vector<int64_t>& shape);
  at::Tensor forward(const at::Tensor& input) override;

 private:
  ModulePtr body_;
  at::Tensor* reference_;
};

// Fixes the reference batch, float [R, ...shape], of the VirtualBatch that `module` is or holds.
void set_reference(Module& module, const at::Tensor& batch);

}  // namespace ganymede::nn
