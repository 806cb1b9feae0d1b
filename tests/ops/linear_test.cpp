#include "ganymede/ops/linear.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "ganymede/core/random.h"

namespace ganymede::ops {
namespace {

using torch::autograd::grad;

constexpr int64_t kRows = 64, kIn = 100, kOut = 256;

at::Tensor draw(const char* purpose, at::IntArrayRef shape) {
  return Stream(1, purpose).normal(shape);
}

double largest_error(const at::Tensor& found, const at::Tensor& exact) {
  return (found.to(at::kDouble) - exact).abs().max().item<double>();
}

struct Case {
  at::Tensor x = draw("x", {kRows, kIn}).set_requires_grad(true);
  at::Tensor weight = draw("weight", {kOut, kIn}).set_requires_grad(true);
  at::Tensor bias = draw("bias", {kOut}).set_requires_grad(true);
  // A sum that makes the gradients depend on x and weight again.
  template <typename Function>
  static at::Tensor penalty(const Function& function, const at::Tensor& x) {
    const at::Tensor value = function(x).square().sum();
    const auto gradient = grad({value}, {x}, {}, /*retain_graph=*/true, /*create_graph=*/true);
    return value + gradient[0].square().sum() * 1e-3;
  }
};

TEST(Linear, EqualsTheDefinitionInDoublePrecision) {
  const Case c;
  const at::Tensor exact =
      at::mm(c.x.to(at::kDouble), c.weight.to(at::kDouble).t()) + c.bias.to(at::kDouble);
  EXPECT_LT(largest_error(ops::linear(c.x, c.weight, c.bias), exact), 2e-4);
  EXPECT_LT(largest_error(ops::linear(c.x, c.weight, {}), exact - c.bias), 2e-4);
}

TEST(Linear, FirstAndSecondDerivativesEqualThoseInDoublePrecision) {
  const Case c;
  const at::Tensor found =
      Case::penalty([&](const at::Tensor& x) { return linear(x, c.weight, c.bias); }, c.x);
  const auto gradients = grad({found}, {c.x, c.weight, c.bias});

  const at::Tensor x = c.x.detach().to(at::kDouble).set_requires_grad(true);
  const at::Tensor weight = c.weight.detach().to(at::kDouble).set_requires_grad(true);
  const at::Tensor bias = c.bias.detach().to(at::kDouble).set_requires_grad(true);
  const at::Tensor exact =
      Case::penalty([&](const at::Tensor& input) { return at::mm(input, weight.t()) + bias; }, x);
  const auto wanted = grad({exact}, {x, weight, bias});
  for (size_t i = 0; i < wanted.size(); ++i) {
    const double scale = wanted[i].abs().max().item<double>();
    EXPECT_LT(largest_error(gradients[i], wanted[i]), 1e-5 * scale) << "input " << i;
  }
}

TEST(Linear, FrozenWeightsGetNoGradient) {
  Case c;
  c.weight.set_requires_grad(false);
  const auto gradients = grad({ops::linear(c.x, c.weight, c.bias).sum()}, {c.x, c.bias});
  EXPECT_LT(largest_error(gradients[0][0], c.weight.detach().to(at::kDouble).sum(0)), 2e-4);
  EXPECT_DOUBLE_EQ(gradients[1][0].item<double>(), kRows);
}

TEST(Linear, EmptyTinyAndDoubleInputsWork) {
  const Case c;
  EXPECT_EQ(ops::linear(c.x.slice(0, 0, 0), c.weight, c.bias).sizes(), (at::IntArrayRef{0, kOut}));
  EXPECT_FALSE(linear_uses_onednn(1, kIn, kOut));
  EXPECT_FALSE(linear_uses_onednn(2, 4, 4));
  const at::Tensor one = ops::linear(c.x.slice(0, 0, 1), c.weight, c.bias);
  EXPECT_LT(largest_error(one, ops::linear(c.x, c.weight, c.bias).slice(0, 0, 1).to(at::kDouble)),
            2e-4);
  EXPECT_EQ(ops::linear(c.x.to(at::kDouble), c.weight.to(at::kDouble), {}).scalar_type(),
            at::kDouble);
}

}  // namespace
}  // namespace ganymede::ops
