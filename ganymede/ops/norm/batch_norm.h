// Batch normalisation and a leaky ReLU in one pass over the cache (Ioffe & Szegedy 2015, arXiv
// 1502.03167): kernels on plain pointers that know no tensors.
//
//   n = (x - mean) / sqrt(variance + eps),  z = weight n + bias,  y = z > 0 ? z : slope z
//
// Tensors are float32 [batch, channels, pixels]; slope 0 is ReLU, 1 the normalisation alone. A
// channel is summed by one thread in one order, in double precision from plane to plane: results
// are the same for any number of threads.
#pragma once

#include <cstdint>

#include "ganymede/ops/kernel/executor.h"

namespace ganymede::ops {

struct NormProblem {
  int64_t batch = 0;
  int64_t channels = 0;
  int64_t pixels = 0;
  float slope = 1;
  int64_t values() const { return batch * pixels; }  // of one channel
};

// Of a plane: as many as the shortest vector holds. Smaller ones are no work for these kernels.
constexpr int64_t kFewestPixels = 4;

struct NormForward {
  const float* x;
  const float* weight;  // [channels], as all that follow
  const float* bias;
  double eps;
  float* mean;
  float* variance;  // over values(), not values() - 1
  float* y;
};
// Two readings of x where a channel fits into the second-level cache.
void batch_norm_forward(const NormProblem& problem, const NormForward& tensors,
                        const Executor& executor);

// y from given scale and shift of each channel.
void scale_shift(const NormProblem& problem, const float* x, const float* scale, const float* shift,
                 float* y, const Executor& executor);

struct NormBackward {
  const float* x;
  const float* gradient;  // of y
  const float* weight;
  const float* bias;
  const float* mean;
  const float* variance;
  double eps;
  float* of_x;  // null: not wanted
  float* of_weight;
  float* of_bias;
};
void batch_norm_backward(const NormProblem& problem, const NormBackward& tensors,
                         const Executor& executor);

}  // namespace ganymede::ops
