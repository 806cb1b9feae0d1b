// Pictures by the formulas of tests/golden/image_metrics.py.
#pragma once

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <vector>

namespace ganymede::metrics::testing {

// n, c, y, x over a shape [N, C, H, W], each shaped to broadcast.
struct Places {
  at::Tensor n, c, y, x;
};

inline Places places(const std::vector<int64_t>& shape) {
  const auto axis = [&shape](size_t dim) {
    std::vector<int64_t> view(4, 1);
    view[dim] = shape[dim];
    return at::arange(shape[dim]).view(view);
  };
  return {axis(0), axis(1), axis(2), axis(3)};
}

inline at::Tensor pictures(const std::vector<int64_t>& shape) {
  const auto [n, c, y, x] = places(shape);
  const at::Tensor value = 3 * x + 5 * y + 40 * c + 17 * n + 3 * at::remainder(x * y, 23);
  return at::remainder(value, 256).to(at::kByte);
}

inline at::Tensor damaged(const std::vector<int64_t>& shape) {
  const auto [n, c, y, x] = places(shape);
  const at::Tensor noise = at::remainder(7 * x + 11 * y + 3 * n + 5 * c + x * y, 41) - 20;
  return (pictures(shape).to(at::kLong) + noise).clamp(0, 255).to(at::kByte);
}

// Runs `work` with one thread and with two; the results have to be the same to the last bit.
template <class Work>
void expect_equal_for_threads(const Work& work) {
  const int before = at::get_num_threads();
  at::set_num_threads(1);
  const auto one = work();
  at::set_num_threads(2);
  const auto two = work();
  at::set_num_threads(before);
  EXPECT_EQ(one, two);
}

}  // namespace ganymede::metrics::testing
