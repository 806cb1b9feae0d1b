// Fast convolution by Toom-Cook (Winograd) tiles, on plain memory: no tensor engine here.
//
// Two families. "k3x3": 3x3 kernels, stride 1, padding 1. "k4x4": 4x4 kernels, stride 2, padding 1,
// split into the four phases of stride 2, each a 2x2 kernel with stride 1. Both are one trilinear
// form T(image, weight, map), and the three operators below are its derivatives:
//   forward          image, weight -> map     a convolution
//   transposed       map, weight   -> image   its data gradient, which is a transposed convolution
//   weight_gradient  image, map    -> weight
// F(m, r) (Winograd 1980; Lavin & Gray 2016, arXiv 1509.09308) makes m outputs of an r-tap kernel
// with m + r - 1 multiplications per dimension instead of m r.
//
// Tensors are dense float32, row by row:
//   image [batch, channels, height, width]   map [batch, filters, map_height, map_width]
//   weight [filters, channels, k, k]
// Any size of 1 or more is right. Results are the same bits for every number of threads.
// A value that is not finite reaches every output of the tiles that read it, not only those whose
// receptive field holds it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "ganymede/ops/kernel/executor.h"

namespace ganymede::ops::winograd {

enum class Family : uint8_t {
  k3x3,
  k4x4,
  // k4x4 for weights that are a 3x3 kernel summed over 2x2 shifts, which is what "nearest
  // upsampling x2, then 3x3" and "3x3, then 2x2 sum" are. Their phases have equal transforms at
  // the point 1, so products merge: (2n - 1)^2 instead of 4 n^2 per tile, n = m + 1. For other
  // weights the result is another trilinear form, not the convolution.
  k4x4Shared,
};

struct Problem {
  Family family = Family::k3x3;
  int tile = 2;  // m: 2 (as accurate as a direct convolution) or 4 (fewer multiplications)
  int64_t batch = 1;
  int64_t channels = 1;
  int64_t filters = 1;
  int64_t height = 1;  // of the image; k4x4 needs 2 or more
  int64_t width = 1;

  bool strided() const { return family != Family::k3x3; }
  int64_t kernel() const { return strided() ? 4 : 3; }
  int64_t map_height() const { return strided() ? height / 2 : height; }
  int64_t map_width() const { return strided() ? width / 2 : width; }
};

// How transform_weights reads the weights.
enum class WeightUse : uint8_t {
  kForward,     // for forward()
  kTransposed,  // for transposed()
};

// Number of floats that transform_weights writes, and the transformation itself. It depends on the
// machine's vector width; keep the result only within the process.
size_t transformed_size(const Problem& problem, WeightUse use);
void transform_weights(const Problem& problem, WeightUse use, const float* weight,
                       float* transformed, const Executor& executor);

// False for weights that are transformed anew, block by block, sooner than they are read from
// memory when transformed.
bool worth_keeping(const Problem& problem, WeightUse use);

struct Weights {
  const float* plain = nullptr;        // used where `transformed` is null
  const float* transformed = nullptr;  // by transform_weights for the operator; gives the same bits
};

// What becomes of an operator's sums z before they are stored: y = scale z + shift with one value
// per output channel, then y > 0 ? y : slope y.
struct Finish {
  const float* scale = nullptr;  // null: 1
  const float* shift = nullptr;  // null: 0
  float slope = 1;
};

void forward(const Problem& problem, const float* image, const Weights& weights,
             const Finish& finish, float* map, const Executor& executor);
void transposed(const Problem& problem, const float* map, const Weights& weights,
                const Finish& finish, float* image, const Executor& executor);
void weight_gradient(const Problem& problem, const float* image, const float* map, float* weight,
                     const Executor& executor);

// True where vectors are at least 128 bits wide with fused multiply-add: elsewhere the engine is
// right but slower than a direct convolution.
bool is_fast_here();
const char* vector_target();  // "AVX2", "AVX3", "NEON", ...

}  // namespace ganymede::ops::winograd
