// Self-attention over the places of a picture.
#pragma once

#include "ganymede/nn/layers.h"
#include "ganymede/nn/residual.h"

namespace ganymede::nn {

// SAGAN's block (Zhang et al. 2019, arXiv 1805.08318, eq. 1-3) with the pooled keys and values of
// its code: [N, C, H, W] -> x + gamma o(g(x) softmax(theta(x)^T phi(x))). theta and phi are 1x1
// convolutions to C/8 channels (at least 1), g to C/2, o back to C, all without bias and made by
// `conv`; phi and g are max-pooled 2x2, so H and W are even. gamma starts at 0: at first the block
// does nothing, and its convolutions learn once gamma has moved.
class SelfAttention final : public Module {
 public:
  SelfAttention(int64_t channels, const ConvMaker& conv);
  at::Tensor forward(const at::Tensor& input) override;

 private:
  Module& theta_;
  Module& phi_;
  Module& g_;
  Module& o_;
  at::Tensor* gamma_;
};

ModulePtr self_attention(int64_t channels, const ConvMaker& conv);

}  // namespace ganymede::nn
