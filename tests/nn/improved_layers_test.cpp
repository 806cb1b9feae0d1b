// Minibatch discrimination, weight norm, virtual batch norm, history and borrowed weights against
// closed forms; their numbers within whole games: tests/train/improve_golden_test.cpp.
#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include <cmath>

#include "ganymede/core/error.h"
#include "ganymede/nn/borrowed_weights.h"
#include "ganymede/nn/data_init.h"
#include "ganymede/nn/history.h"
#include "ganymede/nn/minibatch.h"
#include "ganymede/nn/virtual_norm.h"
#include "ganymede/nn/weight_norm.h"

namespace ganymede::nn {
namespace {

at::Tensor normal(at::IntArrayRef shape, uint64_t seed = 3) {
  return Stream(seed, "test").normal(shape);
}

void set(Module& module, const std::string& name, const at::Tensor& value) {
  const at::NoGradGuard no_grad;
  module.each_parameter([&](const std::string& path, at::Tensor& tensor) {
    if (path == name) tensor.copy_(value);
  });
}

TEST(MinibatchDiscrimination, CountsNearnessOfTheOthers) {
  MinibatchDiscrimination layer(1, {.kernels = 1, .dims = 1});
  layer.initialize(0, "test");
  set(layer, "theta", at::full({1, 1, 1}, 4.0));  // of length 1 after normalisation
  const at::Tensor out = layer.forward(at::tensor({0.0F, 1.0F, 3.0F}).view({3, 1}));
  ASSERT_EQ(out.sizes(), at::IntArrayRef({3, 2}));
  EXPECT_NEAR(out[0][1].item<double>(), std::exp(-1) + std::exp(-3) - 1, 1e-6);
  EXPECT_NEAR(out[1][1].item<double>(), std::exp(-1) + std::exp(-2) - 1, 1e-6);
  const at::Tensor alone = layer.forward(at::ones({1, 1}));
  EXPECT_NEAR(alone[0][1].item<double>(), -1, 1e-6) << "a batch of one has no neighbours";
}

TEST(MinibatchDiscrimination, DataInitCentresTheSimilarities) {
  MinibatchDiscrimination layer(6, {.kernels = 4, .dims = 3});
  layer.initialize(0, "test");
  const at::NoGradGuard no_grad;
  const at::Tensor x = normal({40, 6}) * 100;
  {
    const DataInit init;
    layer.forward(x);
  }
  const at::Tensor similarity = layer.forward(x).slice(1, 6);
  EXPECT_LT(similarity.mean(0).abs().max().item<double>(), 1e-4);
  EXPECT_GT(similarity.std(0).min().item<double>(), 1e-3) << "distances of a useful size";
}

TEST(WeightNorm, DataInitGivesMeanZeroAndTheWantedDeviation) {
  for (const auto& layer :
       {weight_norm_linear(5, 3, {.init_deviation = 0.5}),
        weight_norm_linear(5, 3, {.train_gain = true, .init_deviation = 0.5})}) {
    layer->initialize(0, "test");
    const at::NoGradGuard no_grad;
    const at::Tensor x = normal({50, 5}) * 7 + 2;
    at::Tensor within;
    {
      const DataInit init;
      within = layer->forward(x);
    }
    const at::Tensor y = layer->forward(x);
    EXPECT_LT((y - within).abs().max().item<double>(), 1e-4);
    EXPECT_LT(y.mean(0).abs().max().item<double>(), 1e-4);
    EXPECT_LT((y.std(0, /*unbiased=*/false) - 0.5).abs().max().item<double>(), 1e-3);
  }
}

TEST(WeightNorm, TheLengthOfVDoesNotMatter) {
  const ModulePtr layer = weight_norm_conv(2, 3, {.kernel = 3, .padding = 1});
  layer->initialize(0, "test");
  const at::Tensor x = normal({2, 2, 5, 5});
  const at::Tensor before = layer->forward(x);
  set(*layer, "v", layer->state().at("v") * 20);
  EXPECT_LT((layer->forward(x) - before).abs().max().item<double>(), 1e-3);
}

class VirtualNorm : public ::testing::Test {
 protected:
  VirtualNorm() {
    body_->initialize(0, "test");
    net_.initialize(0, "test");
    set_reference(net_, normal({6, 3}, 5));
  }
  std::shared_ptr<VirtualBatchNorm> body_ = std::make_shared<VirtualBatchNorm>(3, 6);
  VirtualBatch net_{body_, 6, {3}};
};

TEST_F(VirtualNorm, ASampleDoesNotDependOnItsBatch) {
  const ForwardScope training(Mode::kTrain, nullptr);
  const at::Tensor x = normal({4, 3});
  const at::Tensor together = net_.forward(x);
  ASSERT_EQ(together.sizes(), x.sizes());
  EXPECT_TRUE(at::allclose(together.slice(0, 2, 3), net_.forward(x.slice(0, 2, 3)), 1e-6, 1e-6));
}

TEST_F(VirtualNorm, UsesTheReferenceAndTheSampleItself) {
  const ForwardScope training(Mode::kTrain, nullptr);
  const at::Tensor x = normal({1, 3});
  const at::Tensor all = at::cat({normal({6, 3}, 5), x}, 0);  // seven rows of equal weight
  const at::Tensor expected = (x - all.mean(0)) / (all.var(0, /*unbiased=*/false) + 1e-5).sqrt();
  EXPECT_TRUE(at::allclose(net_.forward(x), expected, 1e-4, 1e-5));
}

TEST_F(VirtualNorm, EvaluationRemembersTheReference) {
  const at::Tensor x = normal({4, 3});
  at::Tensor trained;
  {
    const ForwardScope training(Mode::kTrain, nullptr);
    trained = net_.forward(x);
  }
  EXPECT_TRUE(at::allclose(net_.forward(x), trained, 1e-5, 1e-6));
}

TEST(History, IsTheSquaredDistanceToTheMeanOfAllWeights) {
  History history(linear(1, 1, {.bias = false}));
  history.initialize(0, "test");
  const auto drift = [&](double weight, int64_t step) {
    set(history, "net.weight", at::full({1, 1}, weight));
    return history.drift(step).item<double>();
  };
  EXPECT_NEAR(drift(2, 0), 0, 1e-6);
  EXPECT_NEAR(drift(4, 1), 1, 1e-5);  // the mean is 3
  EXPECT_NEAR(drift(4, 1), 1, 1e-5) << "one step counts once";
  EXPECT_NEAR(drift(9, 2), 16, 1e-4);  // the mean is 5
  history.set_frozen(true);
  EXPECT_NEAR(drift(6, 3), 1, 1e-5) << "a frozen network's mean stays";
}

TEST(BorrowedWeights, ComeBackAndCarryGradients) {
  Linear net(2, 1, {.bias = false});
  net.initialize(0, "test");
  const at::Tensor before = net.state().at("weight").clone();
  at::Tensor other = at::ones({1, 2});
  other.set_requires_grad(true);
  const at::Tensor x = at::tensor({2.0F, 5.0F}).view({1, 2});
  {
    BorrowedWeights weights(net);
    EXPECT_THROW(weights.use({at::ones({2, 2})}), Error);
    weights.use({other * 3});
    const at::Tensor y = net.forward(x);
    EXPECT_EQ(y.item<float>(), 21);
    y.sum().backward();
  }
  EXPECT_TRUE(at::equal(net.state().at("weight"), before));
  EXPECT_TRUE(at::equal(other.grad(), x * 3));
}

}  // namespace
}  // namespace ganymede::nn
