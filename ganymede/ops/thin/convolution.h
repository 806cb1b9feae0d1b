// Convolution between an image of few channels and a map of many, on plain memory: the products of
// all taps at once by a matrix product, the image's side of which is laid out tap by tap
// (Chellapilla et al. 2006; the transposed form adds shifted rows instead, as Vasudevan et al.
// 2017, arXiv 1704.04428). Where networks meet pictures the usual kernels leave most of the machine
// idle.
//
// The three operators are those of winograd/engine.h, for any kernel, stride and padding:
//   image [batch, channels, height, width]   map [batch, filters, map_height, map_width]
//   weight [filters, channels, k, k]         dense float32, row by row
// Sums are those of a direct convolution; the same bits for every number of threads.
#pragma once

#include <cstdint>

#include "ganymede/ops/kernel/executor.h"

namespace ganymede::ops::thin {

struct Problem {
  int64_t batch = 1;
  int64_t channels = 1;
  int64_t filters = 1;
  int64_t height = 1;  // of the image
  int64_t width = 1;
  int64_t kernel = 3;
  int64_t stride = 1;
  int64_t padding = 1;

  int64_t map_height() const { return (height + 2 * padding - kernel) / stride + 1; }
  int64_t map_width() const { return (width + 2 * padding - kernel) / stride + 1; }
  int64_t taps() const { return channels * kernel * kernel; }
};

// `bias`, one value per output channel, may be null. The map has at least one pixel. Throws
// std::bad_alloc.
void forward(const Problem& problem, const float* image, const float* weight, const float* bias,
             float* map, const Executor& executor);
void transposed(const Problem& problem, const float* map, const float* weight, const float* bias,
                float* image, const Executor& executor);
void weight_gradient(const Problem& problem, const float* image, const float* map, float* weight,
                     const Executor& executor);

}  // namespace ganymede::ops::thin
