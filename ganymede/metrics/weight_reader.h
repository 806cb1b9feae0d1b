// Takes the tensors of a published network by name and collects everything that does not fit, so
// that one error tells it all.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <set>
#include <string>

#include "ganymede/nn/module.h"

namespace ganymede::metrics {

class WeightReader {
 public:
  // `tensors` must outlive the reader; `where` names the file in errors.
  WeightReader(const nn::TensorMap& tensors, std::string where);

  // float64 on the CPU; zeros where the tensor is missing or has another shape (finish() throws).
  at::Tensor take(const std::string& name, at::IntArrayRef shape);
  // Names that end with `suffix` are no part of the network but may be there.
  void ignore(const std::string& suffix);
  // Throws ModelError when something was missing, misshapen, not finite or not asked for.
  void finish(const std::string& network) const;

 private:
  const nn::TensorMap& tensors_;
  std::string where_;
  std::set<std::string> left_;
  std::string problems_;
  int64_t problem_count_ = 0;
};

}  // namespace ganymede::metrics
