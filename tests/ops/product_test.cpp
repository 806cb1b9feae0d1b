#include "ganymede/ops/matrix/product.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "ganymede/ops/pool.h"

namespace ganymede::ops {
namespace {

// A matrix in a larger one, row by row or column by column, and its values.
struct Stored {
  std::vector<float> memory;
  MatrixView view{};
};

Stored stored(std::mt19937& random, int64_t rows, int64_t columns, bool turned, int64_t gap) {
  std::uniform_real_distribution<float> uniform(-1, 1);
  Stored matrix;
  const int64_t line = (turned ? rows : columns) + gap;
  matrix.memory.resize(static_cast<size_t>(line * (turned ? columns : rows)));
  for (float& value : matrix.memory) value = uniform(random);
  matrix.view = {matrix.memory.data(), turned ? 1 : line, turned ? line : 1};
  return matrix;
}

double at(const MatrixView& view, int64_t row, int64_t column) {
  return view.data[row * view.row_stride + column * view.column_stride];
}

// Largest difference from the sum in double precision, of the sum of absolute products.
double largest_error(const ProductProblem& p, const std::vector<float>& before) {
  double largest = 0;
  for (int64_t i = 0; i < p.rows; ++i) {
    for (int64_t j = 0; j < p.columns; ++j) {
      double exact = p.bias == nullptr ? 0 : p.bias[j];
      if (p.add) exact += before[static_cast<size_t>(i * p.out_stride + j)];
      double size = std::abs(exact) + 1e-3;
      for (int64_t k = 0; k < p.depth; ++k) {
        const double product = at(p.a, i, k) * at(p.b, k, j);
        exact += product;
        size += std::abs(product);
      }
      largest = std::max(largest, std::abs(p.out[i * p.out_stride + j] - exact) / size);
    }
  }
  return largest;
}

TEST(Product, EqualsDoublePrecisionForRandomShapesLayoutsAndThreads) {
  std::mt19937 random(7);
  const auto below = [&](int64_t n) { return static_cast<int64_t>(random() % n); };
  for (int turn = 0; turn < 300; ++turn) {
    const int64_t rows = 1 + below(turn % 3 == 0 ? 300 : 40);
    const int64_t columns = 1 + below(turn % 5 == 0 ? 300 : 70);
    const int64_t depth = 1 + below(turn % 4 == 0 ? 700 : 90);
    const Stored a = stored(random, rows, depth, below(2) == 1, below(3));
    const Stored b = stored(random, depth, columns, below(2) == 1, below(3));
    const Stored bias = stored(random, 1, columns, false, 0);
    const int64_t gap = below(3);
    Stored out = stored(random, rows, columns, false, gap);
    const std::vector<float> before = out.memory;
    const bool add = below(2) == 1;
    ProductProblem problem{
        .rows = rows,
        .columns = columns,
        .depth = depth,
        .a = a.view,
        .b = b.view,
        .bias = add || below(2) == 1 ? nullptr : bias.memory.data(),
        .out = out.memory.data(),
        .out_stride = columns + gap,
        .add = add,
    };
    multiply(problem, pool_executor());
    const std::string what = std::to_string(rows) + " x " + std::to_string(depth) + " x " +
                             std::to_string(columns) + ", turn " + std::to_string(turn);
    ASSERT_LT(largest_error(problem, before), 1e-6) << what;
    for (int64_t i = 0; i < rows; ++i) {  // what lies between the rows stays
      for (int64_t j = columns; j < columns + gap; ++j) {
        const auto place = static_cast<size_t>(i * problem.out_stride + j);
        ASSERT_EQ(out.memory[place], before[place]) << what;
      }
    }
    std::vector<float> again = before;
    problem.out = again.data();
    multiply(problem, inline_executor());
    ASSERT_EQ(again, out.memory) << what << ": other bits on one thread";
  }
}

TEST(Product, NotANumberStaysInItsRowAndColumn) {
  std::mt19937 random(1);
  Stored a = stored(random, 20, 30, false, 0);
  const Stored b = stored(random, 30, 40, false, 0);
  a.memory[5 * 30 + 3] = std::nanf("");
  std::vector<float> out(20 * 40);
  multiply({.rows = 20,
            .columns = 40,
            .depth = 30,
            .a = a.view,
            .b = b.view,
            .bias = nullptr,
            .out = out.data(),
            .out_stride = 40},
           pool_executor());
  for (int64_t i = 0; i < 20; ++i) {
    for (int64_t j = 0; j < 40; ++j)
      EXPECT_EQ(std::isnan(out[static_cast<size_t>(i * 40 + j)]), i == 5) << i << ", " << j;
  }
}

}  // namespace
}  // namespace ganymede::ops
