#include "ganymede/nn/image_pool.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

namespace ganymede::nn {

ImagePool::ImagePool(int64_t size, at::IntArrayRef shape) : size_(size) {
  std::vector<int64_t> all = shape.vec();
  all.insert(all.begin(), size);
  pictures_ = &buffer("pictures", all, 0);
  count_ = &buffer("count", {1}, 0);
}

// Whether the pool is full is decided by arithmetic: no value has to come to the host.
at::Tensor ImagePool::exchange(const at::Tensor& fakes, Stream& random) {
  if (size_ == 0) return fakes.detach();
  const at::NoGradGuard no_grad;
  const at::Device device = fakes.device();
  const at::Tensor heads = random.uniform({fakes.size(0)}).gt(0.5).to(device);
  const at::Tensor drawn = random.integers({fakes.size(0)}, 0, size_).to(device);
  std::vector<at::Tensor> given;
  for (int64_t row = 0; row < fakes.size(0); ++row) {
    const at::Tensor fake = fakes.detach().narrow(0, row, 1);
    const at::Tensor filling = count_->lt(static_cast<double>(size_));
    const at::Tensor place = at::where(filling, count_->to(at::kLong), drawn.narrow(0, row, 1));
    const at::Tensor pooled = pictures_->index_select(0, place);
    const at::Tensor swaps = heads.narrow(0, row, 1).logical_and(filling.logical_not());
    given.push_back(at::where(swaps.view({1, 1, 1, 1}), pooled, fake));
    const at::Tensor kept = filling.logical_or(swaps).view({1, 1, 1, 1});
    pictures_->index_copy_(0, place, at::where(kept, fake, pooled));
    count_->add_(filling);
  }
  return at::cat(given);
}

}  // namespace ganymede::nn
