// Conditions beside inputs, noise, pixel ranges and weight normalisation against closed forms.
#include "ganymede/nn/conditioning.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "ganymede/core/error.h"
#include "ganymede/nn/gaussian_noise.h"
#include "ganymede/nn/layers.h"
#include "ganymede/nn/pixel_range.h"

namespace ganymede::nn {
namespace {

at::Tensor labels(std::initializer_list<int64_t> values) {
  return at::tensor(at::ArrayRef<int64_t>(values), at::kLong);
}

TEST(OneHot, NumbersBecomeRowsAndUnlabelledOnesZeros) {
  const at::Tensor found = nn::one_hot(labels({2, 0, -1, 3}), 3);
  const at::Tensor expected = at::zeros({4, 3});
  expected[0][2] = 1;
  expected[1][0] = 1;
  EXPECT_TRUE(at::equal(found, expected));
  EXPECT_EQ(found.scalar_type(), at::kFloat);
}

TEST(OneHot, SharesPassThroughAndOtherShapesAreRefused) {
  const at::Tensor shares = at::full({2, 3}, 1.0 / 3);
  EXPECT_TRUE(nn::one_hot(shares, 3).is_same(shares));
  EXPECT_THROW(nn::one_hot(shares, 4), UsageError);
  EXPECT_THROW(nn::one_hot(at::zeros({2, 2}, at::kLong), 3), UsageError);
}

TEST(Beside, VectorsAndMaps) {
  const at::Tensor condition = nn::one_hot(labels({1, 0}), 2);
  const at::Tensor vectors = beside(at::full({2, 3}, 7.0F), condition);
  EXPECT_TRUE(at::equal(vectors.narrow(1, 3, 2), condition));
  EXPECT_TRUE(at::equal(vectors.narrow(1, 0, 3), at::full({2, 3}, 7.0F)));
  const at::Tensor maps = beside(at::zeros({2, 1, 4, 5}), condition);
  EXPECT_EQ(maps.sizes(), at::IntArrayRef({2, 3, 4, 5}));
  EXPECT_TRUE(at::equal(maps.select(1, 2), at::stack({at::ones({4, 5}), at::zeros({4, 5})})));
}

TEST(TwoBranches, EachSeesItsColumns) {
  const ModulePtr net = two_branches(2, sigmoid(), relu());
  const at::Tensor input = at::tensor({0.0F, 0.0F, -3.0F, 4.0F}).reshape({1, 4});
  EXPECT_TRUE(at::equal(net->forward(input), at::tensor({0.5F, 0.5F, 0.0F, 4.0F}).reshape({1, 4})));
}

TEST(PixelRange, RoundTrip) {
  const at::Tensor logits = at::linspace(-4, 4, 9);
  const at::Tensor ours = sigmoid_pixels()->forward(logits);
  EXPECT_TRUE(at::allclose(unit_pixels()->forward(ours), at::sigmoid(logits), 1e-6, 1e-6));
}

TEST(GaussianNoise, OnlyInTrainingAndOfTheDeviationAsked) {
  const ModulePtr noise = gaussian_noise(0.5);
  const at::Tensor zeros = at::zeros({200, 100});
  EXPECT_TRUE(at::equal(noise->forward(zeros), zeros));
  Stream random(3, "noise");
  const ForwardScope scope(Mode::kTrain, &random);
  const at::Tensor noisy = noise->forward(zeros);
  EXPECT_NEAR(noisy.std().item<double>(), 0.5, 0.01);
  EXPECT_NEAR(noisy.mean().item<double>(), 0.0, 0.02);
  EXPECT_EQ(gaussian_noise(0), nullptr);
}

}  // namespace
}  // namespace ganymede::nn
