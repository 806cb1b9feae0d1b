// Fully connected layers on the fastest matrix product that the engine has for this CPU.
#pragma once

#include <ATen/core/Tensor.h>

namespace ganymede::ops {

// x W^T + b: x float [N, in], weight [out, in], bias [out] or undefined; returns [N, out].
// Differentiable any number of times. What this function does not speed up (other types, devices,
// ranks, tiny products, Intel CPUs) goes to at::linear. The choice depends on the CPU and the
// shapes alone, so that a run repeats bit by bit on its machine.
at::Tensor linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias);

// Whether linear() takes oneDNN for float32 of these sizes on this CPU.
bool linear_uses_onednn(int64_t rows, int64_t in, int64_t out);

}  // namespace ganymede::ops
