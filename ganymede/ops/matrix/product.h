// Matrix products of single precision, free of LibTorch.
#pragma once

#include <cstdint>

#include "ganymede/ops/kernel/executor.h"

namespace ganymede::ops {

// Element (i, j) is data[i * row_stride + j * column_stride]; one of the strides is 1.
struct MatrixView {
  const float* data;
  int64_t row_stride;
  int64_t column_stride;
};

// out = a b + bias, or out += a b with `add` (and no bias): a [rows, depth], b [depth, columns],
// bias [columns] or null; rows of out lie out_stride floats apart. All sizes are positive.
struct ProductProblem {
  int64_t rows;
  int64_t columns;
  int64_t depth;
  MatrixView a;
  MatrixView b;
  const float* bias;
  float* out;
  int64_t out_stride;
  bool add = false;
};

// Every element is summed in the same order for any number of threads. Sums of `depth` products, as
// every product of matrices in single precision: errors of a few 1e-7 of sum |a b|.
// Throws std::bad_alloc.
void multiply(const ProductProblem& problem, const Executor& executor);

}  // namespace ganymede::ops
