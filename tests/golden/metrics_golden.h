// The inputs of tests/golden/metrics.py, to the same bits, and its numbers.
#pragma once

#include <ATen/ATen.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

namespace ganymede::golden {

inline const nlohmann::json& metric_numbers(const std::string& metric) {
  static const nlohmann::json numbers =
      nlohmann::json::parse(std::ifstream(GANYMEDE_SOURCE_DIR "/tests/golden/metrics.json"));
  return numbers.at(metric);
}

inline double hashed_uniform(uint64_t i, uint64_t key) {
  uint64_t z = ((key << 40) + i + 1) * 0x9E3779B97F4A7C15;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  z = z ^ (z >> 31);
  return static_cast<double>(z >> 11) * 0x1p-53;
}

// float64 [rows, columns]
inline at::Tensor hashed_uniforms(int64_t rows, int64_t columns, uint64_t key) {
  at::Tensor values = at::empty({rows, columns}, at::kDouble);
  double* out = values.data_ptr<double>();
  for (int64_t i = 0; i < rows * columns; ++i) {
    out[i] = hashed_uniform(static_cast<uint64_t>(i), key);
  }
  return values;
}

// float64 [rows, columns], nearly N(0, 1)
inline at::Tensor hashed_normals(int64_t rows, int64_t columns, uint64_t key) {
  at::Tensor values = at::empty({rows, columns}, at::kDouble);
  double* out = values.data_ptr<double>();
  for (int64_t i = 0; i < rows * columns; ++i) {
    double sum = 0;
    for (int64_t j = 0; j < 12; ++j) sum += hashed_uniform(static_cast<uint64_t>(12 * i + j), key);
    out[i] = sum - 6;
  }
  return values;
}

struct FeaturePair {
  at::Tensor real;
  at::Tensor fake;
};

inline FeaturePair moment_pair(const std::string& name) {
  const auto n = hashed_normals;
  if (name == "plain") return {n(500, 16, 1), 0.9 * n(701, 16, 2) + 0.3};
  if (name == "wide") return {n(900, 96, 5), 1.2 * n(900, 96, 6) - 0.1};
  if (name == "one_feature") return {n(300, 1, 7), 2 * n(300, 1, 8) + 1};
  if (name == "rank_deficient") return {n(40, 64, 9), n(50, 64, 10) + 0.2};
  if (name == "offset") return {n(400, 8, 11) * 0.05 + 300, n(400, 8, 12) * 0.06 + 300};
  const at::Tensor mixed = n(12, 12, 90);  // "correlated"
  return {n(600, 12, 3).matmul(mixed), n(400, 12, 4).matmul(mixed.t()) * 1.5};
}

inline FeaturePair neighbour_pair(const std::string& name) {
  const at::Tensor real = hashed_normals(220, 6, 30);
  const at::Tensor fake = 0.8 * hashed_normals(180, 6, 31) + 0.2;
  if (name == "copy") return {real, real.clone()};
  if (name == "half_copies") return {real, at::cat({real.slice(0, 0, 90), fake.slice(0, 0, 90)})};
  if (name == "collapsed") return {real, 0.02 * hashed_normals(180, 6, 32) + 0.1};
  return {real, fake};  // "different"
}

}  // namespace ganymede::golden
