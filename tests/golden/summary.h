// Reading the golden numbers of tests/golden/*.json: the formulas that weights and inputs follow,
// and a tensor's summary, as in tests/golden/nn_loss.py.
#pragma once

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "ganymede/nn/module.h"

namespace ganymede::golden {

inline nlohmann::json load(const std::string& name) {
  std::ifstream file(std::string(GANYMEDE_SOURCE_DIR) + "/tests/golden/" + name);
  return nlohmann::json::parse(file);
}

// amplitude * sin(frequency * i + phase) over the flat index i, float64.
inline at::Tensor wave(at::IntArrayRef shape, double amplitude, double frequency, double phase) {
  const at::Tensor i = at::arange(c10::multiply_integers(shape), at::kDouble);
  return (at::sin(i * frequency + phase) * amplitude).reshape(shape);
}

// Parameter k of a module becomes a wave of phase k, gains a wave around 1.
inline void fill(nn::Module& module, double amplitude = 0.1) {
  const at::NoGradGuard no_grad;
  double k = 0;
  module.each_parameter([&](const std::string& path, at::Tensor& p) {
    const bool gain = p.dim() == 1 && path.ends_with("weight");
    p.copy_(wave(p.sizes(), amplitude, 0.7, k++) + (gain ? 1.0 : 0.0));
  });
}

inline std::vector<double> summary(const at::Tensor& tensor) {
  const at::Tensor t = tensor.detach().to(at::kDouble).reshape(-1);
  const at::Tensor weights = at::cos(at::arange(t.numel(), at::kDouble) * 0.3);
  return {
      static_cast<double>(t.numel()),  t.sum().item<double>(), (t * weights).sum().item<double>(),
      t.square().sum().item<double>(), t[0].item<double>(),    t[-1].item<double>()};
}

// Tolerance relative to the tensor's size: its root of the sum of squares.
inline void expect_matches(const at::Tensor& tensor, const nlohmann::json& expected,
                           const std::string& what, double tolerance) {
  const auto found = summary(tensor);
  const auto wanted = expected.get<std::vector<double>>();
  ASSERT_EQ(found[0], wanted[0]) << what << ": number of values";
  const double scale = 1e-3 + std::sqrt(wanted[3]) * std::sqrt(wanted[0]);
  for (const size_t i : {1, 2, 4, 5}) {
    EXPECT_NEAR(found[i], wanted[i], tolerance * scale) << what << ", summary " << i;
  }
  EXPECT_NEAR(found[3], wanted[3], tolerance * (1e-6 + wanted[3])) << what << ", sum of squares";
}

}  // namespace ganymede::golden
