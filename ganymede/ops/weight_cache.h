// Transformed weights, kept while the weights are unchanged.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>

#include "ganymede/ops/winograd/engine.h"

namespace ganymede::ops {

// A contiguous float32 weight for an operator of the engine, with its transformed values from the
// cache, or made now, where keeping them is worth while: in evaluation (within_conv_rules()), for
// sizes that are read sooner than made. What is kept is used as long as the
// storage lives, the version counter of the tensor is the same (every in-place operation raises
// it) and a sample of the values is unchanged. The sample also notices an optimizer that writes
// through pointers without raising the counter; whoever changes only a few values that way must
// call at::TensorImpl::bump_version(). Any number of threads may do this at once.
class KeptWeights {
 public:
  KeptWeights(const winograd::Problem& problem, winograd::WeightUse use, const at::Tensor& weight,
              const Executor& executor);
  winograd::Weights get() const { return {plain_, transformed_.get()}; }

 private:
  const float* plain_;
  std::shared_ptr<const float[]> transformed_;
};

// What tells one state of a float32 tensor on the CPU from the next: a hash of its version counter
// and a sample of its values.
uint64_t weight_version(const at::Tensor& weight);

// What the cache holds, in bytes, and emptying it.
size_t weight_cache_bytes();
void clear_weight_cache();

}  // namespace ganymede::ops
