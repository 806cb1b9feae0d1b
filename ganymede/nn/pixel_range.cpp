#include "ganymede/nn/pixel_range.h"

#include <ATen/ATen.h>

#include "ganymede/nn/layers.h"

namespace ganymede::nn {

ModulePtr unit_pixels() {
  return std::make_shared<Function>([](const at::Tensor& x) { return (x + 1) * 0.5; });
}

ModulePtr sigmoid_pixels() {
  return std::make_shared<Function>([](const at::Tensor& x) { return at::sigmoid(x) * 2 - 1; });
}

}  // namespace ganymede::nn
