#include "ganymede/ops/span_heads.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "ganymede/core/random.h"

namespace ganymede::ops {
namespace {

constexpr int64_t kRows = 300;
constexpr double kTemperature = 0.2;
const std::vector<HeadSpan> kSpans = {{Head::kTanh, 1},    {Head::kSoftmax, 5},
                                      {Head::kSkip, 3},    {Head::kLogSoftmax, 4},
                                      {Head::kSigmoid, 2}, {Head::kSoftmax, 1}};

struct Found {
  at::Tensor value, gradient, second;
};

// Value, gradient of a weighted sum, and gradient of that gradient's square: in double precision by
// LibTorch's operators, in float32 by the pass over rows.
Found found(at::ScalarType type) {
  Stream random(3, "heads");
  at::Tensor raw = (random.normal({kRows, 16}) * 2).to(type);
  raw.set_requires_grad(true);
  const at::Tensor noise = random.normal({kRows, 16}).to(type);
  const at::Tensor weights = random.normal({kRows, 13}).to(type);
  const at::Tensor y = span_heads(raw, kSpans, kTemperature, noise);
  const at::Tensor loss = (y * weights).sum();
  const at::Tensor plain = torch::autograd::grad({loss}, {raw}, {}, /*retain_graph=*/true)[0];
  const at::Tensor again =
      torch::autograd::grad({loss}, {raw}, {}, /*retain_graph=*/true, /*create_graph=*/true)[0];
  EXPECT_TRUE(at::allclose(plain, again, 1e-4, 1e-5));
  return {y.detach(), plain, torch::autograd::grad({again.square().sum()}, {raw})[0]};
}

double apart(const at::Tensor& a, const at::Tensor& b) {
  const at::Tensor expected = b.to(at::kDouble);
  return ((a.to(at::kDouble) - expected).abs() / (1 + expected.abs())).max().item<double>();
}

TEST(SpanHeads, EqualLibTorchsOperatorsTwiceDifferentiated) {
  const Found fast = found(at::kFloat), exact = found(at::kDouble);
  EXPECT_EQ(fast.value.sizes(), (at::IntArrayRef{kRows, 13}));
  EXPECT_LT(apart(fast.value, exact.value), 2e-6);
  EXPECT_LT(apart(fast.gradient, exact.gradient), 2e-5);
  EXPECT_LT(apart(fast.second, exact.second), 2e-4);
}

TEST(SpanHeads, LargeLogitsStayFinite) {
  const at::Tensor raw = at::tensor(std::vector<float>{500, -500, 500}).reshape({1, 3});
  const at::Tensor y = span_heads(raw, {{Head::kSoftmax, 3}}, kTemperature);
  EXPECT_TRUE(at::allclose(y, at::tensor(std::vector<float>{0.5F, 0, 0.5F}).reshape({1, 3})));
  EXPECT_TRUE(at::isfinite(span_heads(raw, {{Head::kLogSoftmax, 3}})).all().item<bool>());
}

}  // namespace
}  // namespace ganymede::ops
