// Pictures that a generator made some time ago, for its discriminator (Shrivastava et al. 2017,
// arXiv 1612.07828, as Zhu et al. 2017, arXiv 1703.10593, sec. 4, use it).
#pragma once

#include "ganymede/core/sample.h"
#include "ganymede/nn/module.h"

namespace ganymede::nn {

// The pictures are buffers: they are saved with the networks.
class ImagePool final : public Module {
 public:
  // Room for `size` pictures of `shape` [C, H, W]; 0: none is kept.
  ImagePool(int64_t size, at::IntArrayRef shape);

  // Each of `fakes` [N, ...shape] as it is while the pool fills; from then on with probability 1/2
  // a pooled one in its stead, whose place it takes. No gradient. The number of draws does not
  // depend on the pool.
  at::Tensor exchange(const at::Tensor& fakes, Stream& random);
  at::Tensor forward(const at::Tensor& input) override { return input; }

 private:
  int64_t size_;
  at::Tensor* pictures_;
  at::Tensor* count_;
};

}  // namespace ganymede::nn
