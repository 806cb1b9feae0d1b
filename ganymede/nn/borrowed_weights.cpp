#include "ganymede/nn/borrowed_weights.h"

#include <ATen/ATen.h>

#include "ganymede/core/error.h"

namespace ganymede::nn {

BorrowedWeights::BorrowedWeights(Module& module) : module_(module) {
  module.each_parameter([&](const std::string&, at::Tensor& tensor) {
    slots_.push_back(tensor);
    own_.push_back(tensor.detach());
  });
}

BorrowedWeights::~BorrowedWeights() { put(slots_); }

void BorrowedWeights::use(const std::vector<at::Tensor>& weights) {
  bool fits = weights.size() == own_.size();
  for (size_t k = 0; fits && k < own_.size(); ++k) fits = weights[k].sizes() == own_[k].sizes();
  if (!fits) {
    throw Error({.where = "nn::BorrowedWeights",
                 .found = "tensors that do not fit the network's parameters",
                 .allowed = "one tensor for each parameter, of its shape"});
  }
  put(weights);
}

void BorrowedWeights::put(const std::vector<at::Tensor>& weights) {
  size_t k = 0;
  module_.each_parameter([&](const std::string&, at::Tensor& tensor) { tensor = weights[k++]; });
}

}  // namespace ganymede::nn
