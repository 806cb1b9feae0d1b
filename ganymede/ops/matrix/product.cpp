// Panels of b, as wide as a few vectors, are packed to lie in the first cache or just behind it and
// multiplied with a few rows of a at a time, whose sums stay in registers (Goto & van de Geijn
// 2008, "Anatomy of high-performance matrix multiplication"); a is read where it lies.
#include "ganymede/ops/matrix/product.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "ganymede/ops/kernel/arena.h"
#include "ganymede/ops/kernel/ceil_div.h"
#include "ganymede/ops/kernel/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ganymede/ops/matrix/product.cpp"
#include <hwy/foreach_target.h>

#include "ganymede/ops/kernel/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ganymede::ops::HWY_NAMESPACE {

using namespace kernel::HWY_NAMESPACE;

constexpr bool kManyRegisters = HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_NEON;  // 32, not 16
constexpr int kRows = 6;                       // of a, per micro-kernel
constexpr int kWide = kManyRegisters ? 4 : 2;  // vectors of a panel
constexpr int64_t kPanel = kWide * kLanes;
// So much of a panel is multiplied at a time: half of the first cache, or all where it is read
// slowly.
constexpr int64_t kPanelBytes = kManyRegisters ? 32768 : 16384;
constexpr int64_t kDepth = HWY_MAX(1, kPanelBytes / (kPanel * 4));
constexpr int64_t kRowsOfItem = 128;  // a piece of work: so many rows (about) times a panel

// sums[row * line] (+)= a[row][k] * panel[k][kPanel] for k < depth, over the panel's width; without
// `add` sums begin with `bias`.
struct Block {
  const float* a;
  int64_t row_stride;
  int64_t column_stride;
  const float* panel;
  int64_t depth;
  const float* bias;
  float* sums;
  int64_t line;
  bool add;
};

// kUnit: the elements of a row of a lie side by side.
template <int kCount, int kVectors, bool kUnit>
HWY_NOINLINE void micro_kernel(const Block& block) {
  V sum[kCount][kVectors];
  GANYMEDE_UNROLL
  for (int r = 0; r < kCount; ++r) {
    GANYMEDE_UNROLL
    for (int j = 0; j < kVectors; ++j) {
      sum[r][j] = load((block.add ? block.sums + r * block.line : block.bias) + j * kLanes);
    }
  }
  const float* a = block.a;
  const float* panel = block.panel;
  const int64_t row = kUnit ? block.row_stride : 1;
  const int64_t step = kUnit ? 1 : block.column_stride;
  for (int64_t k = 0; k < block.depth; ++k) {
    V w[kVectors];
    GANYMEDE_UNROLL
    for (int j = 0; j < kVectors; ++j) w[j] = load(panel + j * kLanes);
    GANYMEDE_UNROLL
    for (int r = 0; r < kCount; ++r) {
      const V x = hn::Set(D(), a[r * row]);
      GANYMEDE_UNROLL
      for (int j = 0; j < kVectors; ++j) sum[r][j] = madd(x, w[j], sum[r][j]);
    }
    a += step;
    panel += kPanel;
  }
  GANYMEDE_UNROLL
  for (int r = 0; r < kCount; ++r) {
    GANYMEDE_UNROLL
    for (int j = 0; j < kVectors; ++j) store(sum[r][j], block.sums + r * block.line + j * kLanes);
  }
}

template <int kVectors, bool kUnit>
void multiply_rows(Block block, int64_t rows) {
  const auto some = [&](auto count) {
    micro_kernel<decltype(count)::value, kVectors, kUnit>(block);
    block.a += count * block.row_stride;
    block.sums += count * block.line;
    rows -= count;
  };
  while (rows >= kRows) some(std::integral_constant<int, kRows>());
  if (rows >= 4) some(std::integral_constant<int, 4>());
  if (rows >= 2) some(std::integral_constant<int, 2>());
  if (rows == 1) some(std::integral_constant<int, 1>());
}

void multiply_rows(const Block& block, bool unit, int64_t vectors, int64_t rows) {
  const auto by = [&](auto count) {
    constexpr int kVectors = std::min(decltype(count)::value, kWide);
    if (unit) return multiply_rows<kVectors, true>(block, rows);
    multiply_rows<kVectors, false>(block, rows);
  };
  if (vectors == 1) return by(std::integral_constant<int, 1>());
  if (vectors == 2) return by(std::integral_constant<int, 2>());
  if (vectors == 3) return by(std::integral_constant<int, 3>());
  by(std::integral_constant<int, 4>());
}

// panel[k][kPanel] = b[from + k][first + j], zeros from `count` columns on.
void pack(const MatrixView& b, int64_t from, int64_t depth, int64_t first, int64_t count,
          float* panel) {
  const float* at = b.data + from * b.row_stride + first * b.column_stride;
  const auto element_wise = [&](int64_t begin, int64_t end, int64_t columns, int64_t wide) {
    for (int64_t k = begin; k < end; ++k) {
      float* line = panel + k * kPanel;
      for (int64_t j = 0; j < columns; ++j) line[j] = at[k * b.row_stride + j * b.column_stride];
      std::fill(line + columns, line + wide, 0.0F);
    }
  };
  if (b.column_stride == 1) {
    if (count < kPanel) return element_wise(0, depth, count, kPanel);
    for (int64_t k = 0; k < depth; ++k) {
      const float* from_row = at + k * b.row_stride;
      GANYMEDE_UNROLL
      for (int j = 0; j < kWide; ++j)
        store(load(from_row + j * kLanes), panel + k * kPanel + j * kLanes);
    }
    return;
  }
  const int64_t squares = count - count % kLanes;
  const int64_t whole = depth - depth % kLanes;
  for (int64_t j = 0; j < squares; j += kLanes) {
    for (int64_t k = 0; k < whole; k += kLanes) {
      V square[kLanes];
      GANYMEDE_UNROLL
      for (int i = 0; i < kLanes; ++i) square[i] = load(at + (j + i) * b.column_stride + k);
      transpose(square);
      GANYMEDE_UNROLL
      for (int i = 0; i < kLanes; ++i) store(square[i], panel + (k + i) * kPanel + j);
    }
  }
  element_wise(whole, depth, count, kPanel);
  if (squares == kPanel) return;
  for (int64_t k = 0; k < whole; ++k) {
    float* line = panel + k * kPanel;
    for (int64_t j = squares; j < count; ++j) line[j] = at[k + j * b.column_stride];
    std::fill(line + count, line + kPanel, 0.0F);
  }
}

// The result may be wanted turned: element (i, j) at out[j * out_stride + i], bias by rows.
struct Oriented {
  ProductProblem problem;
  bool turned;
};

// Sums [rows][kPanel] to their turned places, squares of vectors at a time.
void copy_turned(const ProductProblem& p, const float* sums, int64_t row, int64_t rows,
                 int64_t first, int64_t count) {
  const int64_t whole_rows = rows - rows % kLanes;
  const int64_t whole_columns = count - count % kLanes;
  for (int64_t r = 0; r < whole_rows; r += kLanes) {
    const V bias = p.bias != nullptr ? load(p.bias + row + r) : splat(0);
    for (int64_t j = 0; j < whole_columns; j += kLanes) {
      V square[kLanes];
      GANYMEDE_UNROLL
      for (int i = 0; i < kLanes; ++i) square[i] = load(sums + (r + i) * kPanel + j);
      transpose(square);
      GANYMEDE_UNROLL
      for (int i = 0; i < kLanes; ++i) {
        float* to = p.out + (first + j + i) * p.out_stride + row + r;
        store(hn::Add(p.add ? load(to) : bias, square[i]), to);
      }
    }
  }
  for (int64_t j = 0; j < count; ++j) {
    float* to = p.out + (first + j) * p.out_stride + row;
    for (int64_t r = j < whole_columns ? whole_rows : 0; r < rows; ++r) {
      const float before = p.add ? to[r] : p.bias != nullptr ? p.bias[row + r] : 0.0F;
      to[r] = before + sums[r * kPanel + j];
    }
  }
}

// Where sums cannot lie in the result itself: its last, narrower panel, and a turned one.
void copy_out(const Oriented& oriented, const float* sums, int64_t row, int64_t rows, int64_t first,
              int64_t count) {
  const ProductProblem& p = oriented.problem;
  if (oriented.turned) return copy_turned(p, sums, row, rows, first, count);
  for (int64_t r = 0; r < rows; ++r) {
    float* to = p.out + (row + r) * p.out_stride + first;
    for (int64_t j = 0; j < count; ++j) to[j] = sums[r * kPanel + j] + (p.add ? to[j] : 0.0F);
  }
}

void multiply_item(const Oriented& oriented, int64_t row, int64_t rows, int64_t first) {
  const ProductProblem& p = oriented.problem;
  const int64_t count = std::min(kPanel, p.columns - first);
  const bool in_place = !oriented.turned && count == kPanel;
  ScratchFrame frame;
  float* panel = frame.floats(static_cast<size_t>(kDepth * kPanel));
  float* bias = frame.zeros(static_cast<size_t>(kPanel));
  if (p.bias != nullptr && !oriented.turned) std::copy_n(p.bias + first, count, bias);
  Block block{
      .a = nullptr,
      .row_stride = p.a.row_stride,
      .column_stride = p.a.column_stride,
      .panel = panel,
      .depth = 0,
      .bias = bias,
      .sums = in_place ? p.out + row * p.out_stride + first
                       : frame.floats(static_cast<size_t>(rows * kPanel)),
      .line = in_place ? p.out_stride : kPanel,
      .add = false,
  };
  const bool unit = p.a.column_stride == 1;
  for (int64_t k = 0; k < p.depth; k += kDepth) {
    block.depth = std::min(kDepth, p.depth - k);
    block.a = p.a.data + row * p.a.row_stride + k * p.a.column_stride;
    block.add = k > 0 || (p.add && in_place);
    pack(p.b, k, block.depth, first, count, panel);
    multiply_rows(block, unit, ceil_div(count, kLanes), rows);
  }
  if (!in_place) copy_out(oriented, block.sums, row, rows, first, count);
}

// Packing costs by the size of b, most where its columns must be turned: then the smaller of the
// two is packed.
Oriented oriented(const ProductProblem& p) {
  const bool columns_lie = p.b.column_stride != 1 && p.a.column_stride == 1;
  if (!columns_lie || 2 * p.rows >= p.columns) return {p, false};
  ProductProblem turned = p;
  std::swap(turned.rows, turned.columns);
  turned.a = {p.b.data, p.b.column_stride, p.b.row_stride};
  turned.b = {p.a.data, p.a.column_stride, p.a.row_stride};
  return {turned, true};
}

void multiply_all(const ProductProblem& problem, const Executor& executor) {
  const Oriented work = oriented(problem);
  const ProductProblem& p = work.problem;
  const int64_t panels = ceil_div(p.columns, kPanel);
  // As many rows for a packed panel as there are, but pieces enough for all threads.
  int64_t pieces = 1;
  if (executor.threads > 1 && panels < 8 * executor.threads)
    pieces = std::max<int64_t>(1, std::min<int64_t>(executor.threads, p.rows / kRowsOfItem));
  const int64_t rows = ceil_div(ceil_div(p.rows, pieces), kRows) * kRows;
  pieces = ceil_div(p.rows, rows);
  executor.each(panels * pieces, [&](int64_t item) {
    const int64_t row = item % pieces * rows;
    multiply_item(work, row, std::min(rows, p.rows - row), item / pieces * kPanel);
  });
}

}  // namespace ganymede::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ganymede::ops {

HWY_EXPORT(multiply_all);

void multiply(const ProductProblem& problem, const Executor& executor) {
  HWY_DYNAMIC_DISPATCH(multiply_all)(problem, executor);
}

}  // namespace ganymede::ops
#endif
