#include "ganymede/ops/joined_linear.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include <functional>

#include "ganymede/core/random.h"

namespace ganymede::ops {
namespace {

using torch::autograd::grad;

constexpr int64_t kRows = 120, kFirst = 70, kSecond = 50, kCodes = 9, kOut = 96;

at::Tensor draw(const char* purpose, at::IntArrayRef shape) {
  return Stream(1, purpose).normal(shape);
}

at::Tensor one_hot_rows() {
  at::Tensor rows = at::zeros({kRows, kCodes});
  for (int64_t i = 0; i < kRows; ++i) {
    if (i % 7 != 0) rows[i][i % kCodes] = 1;
  }
  return rows;
}

// `function` of these inputs and derivatives of a sum of it, the second of which depend on them.
std::vector<at::Tensor> value_and_derivatives(
    const std::function<at::Tensor(const std::vector<at::Tensor>&)>& function,
    const std::vector<at::Tensor>& inputs) {
  const at::Tensor value = function(inputs);
  const at::Tensor sum = value.square().sum();
  const auto first = grad({sum}, inputs, {}, /*retain_graph=*/true, /*create_graph=*/true);
  at::Tensor slopes = at::zeros({}, value.options());
  for (const at::Tensor& gradient : first) slopes = slopes + gradient.square().sum();
  std::vector<at::Tensor> all = {value.detach()};
  for (const at::Tensor& gradient : first) all.push_back(gradient.detach());
  for (const at::Tensor& gradient : grad({slopes}, inputs)) all.push_back(gradient);
  return all;
}

void expect_equal_to_joined(const at::Tensor& one_hot) {
  const int64_t behind = one_hot.defined() ? kCodes : 0;
  const std::vector<at::Tensor> inputs = {
      draw("first", {kRows, kFirst}), draw("second", {kRows, kSecond}),
      draw("weight", {kOut, kFirst + kSecond + behind}), draw("bias", {kOut})};
  std::vector<at::Tensor> single, exact;
  for (const at::Tensor& input : inputs) {
    single.push_back(input.detach().clone().set_requires_grad(true));
    exact.push_back(input.to(at::kDouble).set_requires_grad(true));
  }
  const at::Tensor codes = one_hot.defined() ? one_hot_codes(one_hot) : at::Tensor();
  const auto found = value_and_derivatives(
      [&](const auto& x) { return joined_linear({x[0], x[1]}, x[2], x[3], codes); }, single);
  const auto wanted = value_and_derivatives(
      [&](const auto& x) {
        std::vector<at::Tensor> parts = {x[0], x[1]};
        if (one_hot.defined()) parts.push_back(one_hot.to(at::kDouble));
        return at::mm(at::cat(parts, 1), x[2].t()) + x[3];
      },
      exact);
  for (size_t i = 0; i < wanted.size(); ++i) {
    const double scale = wanted[i].abs().max().template item<double>();
    const double error = (found[i].to(at::kDouble) - wanted[i]).abs().max().template item<double>();
    EXPECT_LT(error, 1e-5 * scale) << "value, gradients, second derivatives: number " << i;
  }
}

TEST(JoinedLinear, EqualsTheJoinedInputInDoublePrecision) { expect_equal_to_joined({}); }

TEST(JoinedLinear, CodesEqualTheOneHotRowsThatTheyStandFor) {
  expect_equal_to_joined(one_hot_rows());
}

TEST(JoinedLinear, FewRowsEqualTheSameRowsAmongMany) {
  const at::Tensor first = draw("first", {kRows, kFirst});
  const at::Tensor weight = draw("weight", {kOut, kFirst + kCodes}), bias = draw("bias", {kOut});
  const at::Tensor codes = one_hot_codes(one_hot_rows());
  const at::Tensor all = joined_linear({first}, weight, bias, codes);
  for (const int64_t row : {0, 5, 119}) {
    const at::Tensor one =
        joined_linear({first.narrow(0, row, 1)}, weight, bias, codes.narrow(0, row, 1));
    EXPECT_TRUE(at::allclose(one, all.narrow(0, row, 1), 1e-5, 1e-4)) << row;
  }
}

TEST(JoinedLinear, GradientsWithoutAGraphEqualThoseWithOne) {
  const at::Tensor codes = one_hot_codes(one_hot_rows());
  const std::vector<at::Tensor> inputs = {
      draw("first", {kRows, kFirst}).set_requires_grad(true), draw("second", {kRows, kSecond}),
      draw("weight", {kOut, kFirst + kSecond + kCodes}).set_requires_grad(true),
      draw("bias", {kOut}).set_requires_grad(true)};
  const std::vector<at::Tensor> of = {inputs[0], inputs[2], inputs[3]};
  const at::Tensor value = joined_linear({inputs[0], inputs[1]}, inputs[2], inputs[3], codes);
  const at::Tensor sum = value.square().sum();
  const auto plain = grad({sum}, of, {}, /*retain_graph=*/true);
  const auto graph = grad({sum}, of, {}, /*retain_graph=*/true, /*create_graph=*/true);
  for (size_t i = 0; i < of.size(); ++i) {
    EXPECT_FALSE(plain[i].requires_grad());
    EXPECT_TRUE(at::allclose(plain[i], graph[i], 1e-5, 1e-3)) << "input " << i;
  }
}

TEST(JoinedLinear, CodesAreGivenForOneHotRowsOnly) {
  const at::Tensor rows = one_hot_rows();
  const at::Tensor codes = one_hot_codes(rows);
  EXPECT_EQ(codes[1].item<int64_t>(), 1);
  EXPECT_EQ(codes[0].item<int64_t>(), kCodes);
  const auto changed = [&](int64_t row, int64_t column, double value) {
    at::Tensor other = rows.clone();
    other[row][column] = value;
    return one_hot_codes(other);
  };
  EXPECT_TRUE(changed(0, 4, 1).defined());
  EXPECT_FALSE(changed(1, 4, 1).defined());
  EXPECT_FALSE(changed(0, 4, 0.5).defined());
  EXPECT_FALSE(one_hot_codes(rows.clone().set_requires_grad(true)).defined());
  EXPECT_FALSE(one_hot_codes(rows.to(at::kDouble)).defined());
}

}  // namespace
}  // namespace ganymede::ops
