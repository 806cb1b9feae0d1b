// Layers whose weights have the spectral norm 1 (Miyato et al. 2018, arXiv 1802.05957).
#pragma once

#include <mutex>

#include "ganymede/nn/layers.h"

namespace ganymede::nn {

// W / sigma for W as a matrix [out, rest], where sigma = |W v|, v = W^T u / |W^T u|: one power
// iteration (algorithm 1). The buffer "u" [out] moves to W v / |W v| in training and while the
// module is not frozen, else the same iteration is made without keeping it; so only the direction
// of u counts, and an average of several is as good. Gradients flow through sigma with u and v held
// (eq. 12). Weights without a gradient are normalised once and kept until they change.
class SpectralWeight {
 public:
  // Both outlive this object.
  SpectralWeight(at::Tensor* weight, at::Tensor* u) : weight_(weight), u_(u) {}
  at::Tensor normalized(bool moves);
  at::Device device() const { return weight_->device(); }

 private:
  at::Tensor compute(bool moves);

  at::Tensor* weight_;
  at::Tensor* u_;
  std::mutex mutex_;
  at::Tensor kept_;
  uint64_t kept_version_ = 0;
};

// Conv2d, Linear and a table of rows with normalised weights; parameters "weight", "bias" are those
// before normalisation.
class SpectralConv2d final : public Module {
 public:
  SpectralConv2d(int64_t in, int64_t out, const ConvOptions& options);
  at::Tensor forward(const at::Tensor& input) override;

 private:
  ConvOptions options_;
  SpectralWeight weight_;
  at::Tensor* bias_ = nullptr;
};

class SpectralLinear final : public Module {
 public:
  SpectralLinear(int64_t in, int64_t out, const LinearOptions& options);
  at::Tensor forward(const at::Tensor& input) override;

 private:
  SpectralWeight weight_;
  at::Tensor* bias_ = nullptr;
};

// Row y of W / sigma for every label y: int64 [N] -> [N, dim].
class SpectralEmbedding final : public Module {
 public:
  SpectralEmbedding(int64_t classes, int64_t dim);
  at::Tensor forward(const at::Tensor& labels) override;

 private:
  SpectralWeight weight_;
};

ModulePtr spectral_conv(int64_t in, int64_t out, const ConvOptions& options);
ModulePtr spectral_linear(int64_t in, int64_t out, const LinearOptions& options = {});
ModulePtr spectral_embedding(int64_t classes, int64_t dim);

}  // namespace ganymede::nn
