#include "ganymede/nn/history.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

namespace ganymede::nn {

History::History(ModulePtr net) : net_(std::move(net)) {
  child("net", net_);
  net_->each_parameter([&](const std::string& path, at::Tensor& tensor) {
    means_.push_back(&buffer("mean." + path, tensor.sizes(), 0));
  });
  count_ = &buffer("count", {1}, 0);
  last_step_ = &buffer("last_step", {1}, -1);
}

// Whether the step is new is decided by arithmetic: no value has to come to the host.
at::Tensor History::drift(int64_t step) {
  at::Tensor share;
  if (!frozen()) {
    const at::NoGradGuard no_grad;
    const at::Tensor fresh = last_step_->lt(static_cast<double>(step)).to(at::kFloat);
    count_->add_(fresh);
    last_step_->clamp_min_(static_cast<double>(step));
    share = fresh / *count_;
  }
  at::Tensor total;
  size_t k = 0;
  net_->each_parameter([&](const std::string&, at::Tensor& tensor) {
    at::Tensor& mean = *means_[k++];
    if (share.defined()) {
      const at::NoGradGuard no_grad;
      mean.add_((tensor - mean) * share);
    }
    const at::Tensor distance = (tensor - mean).square().sum();
    total = total.defined() ? total + distance : distance;
  });
  return total;
}

}  // namespace ganymede::nn
