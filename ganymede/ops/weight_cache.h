// Transformed weights, kept while the weights are unchanged.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>

#include "ganymede/ops/winograd/engine.h"

namespace ganymede::ops {

// The result of winograd::transform_weights for a contiguous float32 weight, from the cache or made
// now. A kept result is used while the storage lives, the version counter of the tensor is the same
// (every in-place operation raises it) and a sample of the values is unchanged, which also notices
// an optimizer that writes through pointers without raising the counter; whoever changes only a few
// values that way must call at::TensorImpl::bump_version(). Any number of threads may call.
std::shared_ptr<const float[]> transformed_weights(const winograd::Problem& problem,
                                                   winograd::WeightUse use,
                                                   const at::Tensor& weight,
                                                   const Executor& executor);

// What the cache holds, in bytes, and emptying it.
size_t weight_cache_bytes();
void clear_weight_cache();

}  // namespace ganymede::ops
