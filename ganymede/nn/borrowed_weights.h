// A network run with other weights than its own.
#pragma once

#include <vector>

#include "ganymede/nn/module.h"

namespace ganymede::nn {

// While it lives, the parameters of `module` are the tensors put in by use(), which may be results
// of a graph: a forward pass is then differentiable with regard to what they were made from. The
// module's own parameters come back at the end, untouched, also after an exception.
class BorrowedWeights {
 public:
  explicit BorrowedWeights(Module& module);
  ~BorrowedWeights();
  BorrowedWeights(const BorrowedWeights&) = delete;
  BorrowedWeights& operator=(const BorrowedWeights&) = delete;

  // The module's own parameters in the order of Module::each_parameter, detached.
  const std::vector<at::Tensor>& own() const { return own_; }
  // One tensor for each parameter, of its shape.
  void use(const std::vector<at::Tensor>& weights);

 private:
  void put(const std::vector<at::Tensor>& weights);

  Module& module_;
  std::vector<at::Tensor> slots_;  // what comes back
  std::vector<at::Tensor> own_;
};

}  // namespace ganymede::nn
