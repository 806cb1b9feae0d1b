// Layers without state.
#include <ATen/ATen.h>

#include "ganymede/nn/layers.h"

namespace ganymede::nn {
namespace {

template <typename F>
ModulePtr function(F f) {
  return std::make_shared<Function>(std::move(f));
}

}  // namespace

ModulePtr relu(bool in_place) { return leaky_relu(0, in_place); }

ModulePtr leaky_relu(double slope, bool in_place) {
  return std::make_shared<LeakyRelu>(slope, in_place);
}

ModulePtr tanh() {
  return function([](const at::Tensor& x) { return at::tanh(x); });
}

ModulePtr sigmoid() {
  return function([](const at::Tensor& x) { return at::sigmoid(x); });
}

ModulePtr softplus() {
  return function([](const at::Tensor& x) { return at::softplus(x); });
}

ModulePtr flatten() {
  return function([](const at::Tensor& x) { return x.flatten(1); });
}

ModulePtr reshape(std::vector<int64_t> shape) {
  shape.insert(shape.begin(), 0);
  return function([shape](const at::Tensor& x) {
    std::vector<int64_t> full = shape;
    full[0] = x.size(0);
    return x.reshape(full);
  });
}

ModulePtr upsample_nearest(int64_t factor) {
  return function([factor](const at::Tensor& x) {
    return at::upsample_nearest2d(x, {x.size(2) * factor, x.size(3) * factor});
  });
}

ModulePtr average_pool(int64_t factor) {
  return function([factor](const at::Tensor& x) { return at::avg_pool2d(x, factor); });
}

ModulePtr max_pool(int64_t size, int64_t stride) {
  return function([size, stride](const at::Tensor& x) { return at::max_pool2d(x, size, stride); });
}

ModulePtr crop(int64_t height, int64_t width) {
  return function(
      [height, width](const at::Tensor& x) { return x.slice(2, 0, height).slice(3, 0, width); });
}

ModulePtr global_mean() {
  return function([](const at::Tensor& x) { return x.mean({2, 3}); });
}

ModulePtr global_sum() {
  return function([](const at::Tensor& x) { return x.sum({2, 3}); });
}

}  // namespace ganymede::nn
