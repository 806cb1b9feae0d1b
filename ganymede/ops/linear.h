// Fully connected layers on the fastest matrix product that the engine has for this CPU.
#pragma once

#include <ATen/core/Tensor.h>

namespace ganymede::ops {

// x W^T + b: x float [N, in], weight [out, in], bias [out] or undefined; returns [N, out].
// Differentiable any number of times. What this function does not speed up (other types, devices,
// ranks, tiny products, Intel CPUs) goes to at::linear. The choice depends on the CPU and the
// shapes alone, so that a run repeats bit by bit on its machine.
at::Tensor linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias);

// a b: a float [n, k], b [k, m]; as linear() in all else.
at::Tensor matrix_product(const at::Tensor& a, const at::Tensor& b);

// Whether linear() uses this project's own product for float32 of these sizes on this CPU: then
// matrices may be columns of wider ones at no cost.
bool linear_uses_own(int64_t rows, int64_t in, int64_t out);
// The same of oneDNN's, which wants dense matrices.
bool linear_uses_onednn(int64_t rows, int64_t in, int64_t out);

// out = a b + bias, or out += a b without a bias if `add`; written to no graph. Float32 on the CPU:
// a [n, k], b [k, m], bias [m] or undefined; out [n, m], the numbers of a row side by side, outside
// of a and b. Where linear_uses_own(n, k, m).
void multiply_into(const at::Tensor& out, const at::Tensor& a, const at::Tensor& b,
                   const at::Tensor& bias, bool add);

}  // namespace ganymede::ops
