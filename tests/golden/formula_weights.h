// Weights and images by the formulas of formula_weights.py.
#pragma once

#include <ATen/ATen.h>

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "ganymede/nn/module.h"

namespace ganymede::golden {

inline uint32_t hashed(uint32_t h) {
  h ^= h >> 15U;
  h *= 0x85EBCA6BU;
  h ^= h >> 13U;
  h *= 0xC2B2AE35U;
  return h ^ (h >> 16U);
}

// float64 in [-1, 1), of the given shape.
inline at::Tensor noise(const std::string& name, at::IntArrayRef shape) {
  uint32_t key = 2166136261U;
  for (const char byte : name) key = (key ^ static_cast<uint8_t>(byte)) * 16777619U;
  at::Tensor values = at::empty(shape, at::kDouble);
  double* out = values.data_ptr<double>();
  for (int64_t i = 0; i < values.numel(); ++i) {
    out[i] = hashed(static_cast<uint32_t>(i) * 0x9E3779B1U + key) / 2147483648.0 - 1;
  }
  return values;
}

inline at::Tensor formula_weights(const std::string& name, at::IntArrayRef shape) {
  const at::Tensor u = noise(name, shape);
  double scale = 0.1;
  double center = 0;
  if (name.starts_with("lin")) {
    scale = center = 0.5;
  } else if (shape.size() > 1) {
    const int64_t fan_in = u.numel() / shape[0];
    scale = std::sqrt(6.0 / static_cast<double>(fan_in));
  } else if (name.ends_with("running_var")) {
    scale = 0.5;
    center = 1;
  } else if (name.ends_with("bn.weight")) {
    scale = 0.2;
    center = 1;
  }
  return (u * scale + center).to(at::kFloat);
}

// float64 [count, 3, height, width] in [-1, 1].
inline at::Tensor formula_images(int64_t count, int64_t height, int64_t width, double phase = 0) {
  const auto axis = [](int64_t size, at::IntArrayRef shape) {
    return at::arange(size, at::kDouble).view(shape);
  };
  const at::Tensor n = axis(count, {count, 1, 1, 1});
  const at::Tensor c = axis(3, {1, 3, 1, 1});
  const at::Tensor y = axis(height, {1, 1, height, 1});
  const at::Tensor x = axis(width, {1, 1, 1, width});
  return at::sin(x * 0.11 + y * (n + 1) * 0.07 + c + phase) * at::cos(x * y * 0.003);
}

}  // namespace ganymede::golden
