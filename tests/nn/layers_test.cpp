#include "ganymede/nn/layers.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include "ganymede/core/error.h"
#include "ganymede/nn/networks.h"

namespace ganymede::nn {
namespace {

at::Tensor noise(at::IntArrayRef shape, uint64_t seed = 1) {
  return Stream(seed, "noise").normal(shape);
}

TEST(ForwardScope, NestsAndRestores) {
  EXPECT_EQ(ForwardScope::mode(), Mode::kEvaluate);
  Stream random(1, "a");
  {
    const ForwardScope outer(Mode::kTrain, &random);
    EXPECT_EQ(&ForwardScope::random(), &random);
    {
      const ForwardScope inner(Mode::kEvaluate, nullptr);
      EXPECT_EQ(ForwardScope::mode(), Mode::kEvaluate);
      EXPECT_THROW(ForwardScope::random(), Error);
    }
    EXPECT_EQ(ForwardScope::mode(), Mode::kTrain);
    EXPECT_EQ(&ForwardScope::random(), &random);
  }
  EXPECT_EQ(ForwardScope::mode(), Mode::kEvaluate);
  EXPECT_THROW(ForwardScope::random(), Error);
}

TEST(BatchNorm, TrainingNormalisesTheBatch) {
  const auto norm = batch_norm(3);
  norm->initialize(1, "test");
  const ForwardScope scope(Mode::kTrain, nullptr);
  const at::Tensor y = norm->forward(noise({8, 3, 4, 4}) * 3 + 2);
  const std::vector<int64_t> axes = {0, 2, 3};
  EXPECT_LT(y.mean(axes).abs().max().item<double>(), 1e-5);
  EXPECT_LT((y.var(axes, /*unbiased=*/false) - 1).abs().max().item<double>(), 1e-4);
}

TEST(BatchNorm, RunningMeansMoveByMomentum) {
  const auto norm = batch_norm(2);
  norm->initialize(1, "test");
  const ForwardScope scope(Mode::kTrain, nullptr);
  const at::Tensor x = noise({50, 2}) * 2 + 3;
  norm->forward(x);
  const TensorMap state = norm->state();
  EXPECT_TRUE(at::allclose(state.at("running_mean"), x.mean(0) * 0.1, 1e-5, 1e-6));
  EXPECT_TRUE(at::allclose(state.at("running_var"), x.var(0) * 0.1 + 0.9, 1e-5, 1e-6));
}

TEST(BatchNorm, FrozenOrEvaluatingMovesNothing) {
  const auto norm = batch_norm(2);
  norm->initialize(1, "test");
  const at::Tensor x = noise({50, 2}) * 2 + 3;
  norm->forward(x);
  norm->set_frozen(true);
  {
    const ForwardScope scope(Mode::kTrain, nullptr);
    EXPECT_LT(norm->forward(x).mean(0).abs().max().item<double>(), 1e-5) << "batch statistics";
  }
  EXPECT_EQ(norm->state().at("running_mean").abs().max().item<float>(), 0);
  EXPECT_EQ((norm->state().at("running_var") - 1).abs().max().item<float>(), 0);
}

TEST(BatchNorm, EvaluationUsesRunningMeans) {
  const auto norm = batch_norm(1);
  norm->initialize(1, "test");
  at::Tensor(norm->state().at("running_mean")).fill_(2);
  at::Tensor(norm->state().at("running_var")).fill_(4);
  const at::Tensor y = norm->forward(at::full({1, 1}, 8.0f));
  EXPECT_NEAR(y.item<double>(), (8 - 2) / std::sqrt(4 + 1e-5), 1e-5);
}

TEST(BatchNorm, RefusesASingleValue) {
  const auto norm = batch_norm(2);
  const ForwardScope scope(Mode::kTrain, nullptr);
  EXPECT_THROW(norm->forward(at::ones({1, 2})), UsageError);
  EXPECT_NO_THROW(norm->forward(at::ones({1, 2, 2, 1})));
}

TEST(LayerNorm, NormalisesEachSampleByItself) {
  const auto norm = layer_norm(3);
  norm->initialize(1, "test");
  const at::Tensor x = noise({5, 3, 4, 4}) * at::arange(1, 6).view({5, 1, 1, 1});
  const at::Tensor y = norm->forward(x);
  EXPECT_LT(y.flatten(1).mean(1).abs().max().item<double>(), 1e-5);
  EXPECT_LT((y.flatten(1).var(1, false) - 1).abs().max().item<double>(), 1e-3);
  EXPECT_TRUE(at::allclose(norm->forward(x.slice(0, 2, 3)), y.slice(0, 2, 3)));
}

TEST(Dropout, IsKeyedByTheScopesStream) {
  const auto layer = dropout(0.5);
  const at::Tensor x = at::ones({40, 50});
  const auto run = [&](uint64_t seed, uint64_t step) {
    Stream random(seed, "dropout", step);
    const ForwardScope scope(Mode::kTrain, &random);
    return layer->forward(x);
  };
  EXPECT_TRUE(at::equal(run(1, 7), run(1, 7)));
  EXPECT_FALSE(at::equal(run(1, 7), run(1, 8)));
  EXPECT_FALSE(at::equal(run(1, 7), run(2, 7)));
}

TEST(Dropout, KeepsItsShareAndScales) {
  Stream random(1, "dropout");
  const ForwardScope scope(Mode::kTrain, &random);
  const at::Tensor y = dropout(0.8)->forward(at::ones({200, 200}));
  EXPECT_NEAR((y > 0).to(at::kFloat).mean().item<double>(), 0.8, 5 * 0.4 / 200);
  EXPECT_NEAR(y.max().item<double>(), 1 / 0.8, 1e-6);
  EXPECT_EQ(y.min().item<double>(), 0);
  EXPECT_NEAR(dropout(0.5, 3.0)->forward(at::ones({100})).max().item<double>(), 3.0, 1e-6);
}

TEST(Dropout, EvaluationIsTheIdentityAndDrawsNothing) {
  const at::Tensor x = noise({4, 5});
  EXPECT_TRUE(at::equal(dropout(0.5)->forward(x), x));
  EXPECT_THROW(dropout(0.0), UsageError);
  EXPECT_THROW(dropout(1.5), UsageError);
}

TEST(Maxout, TakesTheLargestPiece) {
  const auto layer = maxout(1, 1, 3);
  at::Tensor(layer->state().at("linear.weight"))
      .copy_(at::tensor({1.0f, -1.0f, 0.0f}).view({3, 1}));
  at::Tensor(layer->state().at("linear.bias")).copy_(at::tensor({0.0f, 0.0f, 0.5f}));
  const at::Tensor y = layer->forward(at::tensor({-2.0f, 0.1f, 3.0f}).view({3, 1}));
  EXPECT_TRUE(at::allclose(y.flatten(), at::tensor({2.0f, 0.5f, 3.0f})));
}

TEST(Conv2d, ResamplesAsSeparateLayersDo) {
  Stream stream(1, "conv", 0);
  const at::Tensor x = stream.normal({2, 24, 10, 10});
  const ConvOptions plain{.kernel = 3, .padding = 1};
  for (const ConvResample resample : {ConvResample::kUpBefore, ConvResample::kMeanAfter}) {
    const auto both = conv(24, 20, {.kernel = 3, .padding = 1, .resample = resample});
    const auto alone = conv(24, 20, plain);
    both->initialize(1, "conv");
    alone->load_state(both->state(), "test");
    const bool up = resample == ConvResample::kUpBefore;
    const auto separate =
        up ? sequence(upsample_nearest(), alone) : sequence(alone, average_pool());
    EXPECT_TRUE(at::allclose(both->forward(x), separate->forward(x), 1e-4, 1e-5));
  }
  EXPECT_THROW(conv(4, 4, {.kernel = 5, .padding = 2, .resample = ConvResample::kUpBefore}),
               UsageError);
}

TEST(Sequential, SkipsNullAndRunsInOrder) {
  const auto net = sequence(std::make_shared<Function>([](const at::Tensor& x) { return x + 1; }),
                            ModulePtr(), relu());
  EXPECT_EQ(net->forward(at::full({1}, -3.0f)).item<float>(), 0);
  EXPECT_EQ(net->forward(at::full({1}, 3.0f)).item<float>(), 4);
}

// Convolutions with what follows them as one operator, beside the same layers one by one.
TEST(Sequential, EvaluationFusesWithoutChangingValues) {
  const auto shapes = std::vector<std::pair<ModulePtr, std::vector<int64_t>>>{
      {std::make_shared<ConvTranspose2d>(
           24, 20, ConvOptions{.kernel = 4, .stride = 2, .padding = 1, .bias = false}),
       {20, 24, 9, 8}},
      {std::make_shared<ConvTranspose2d>(30, 12, ConvOptions{.kernel = 4}), {8, 30, 1, 1}},
      {std::make_shared<Conv2d>(24, 20, ConvOptions{.kernel = 3, .padding = 1}), {2, 24, 9, 8}},
      {std::make_shared<Conv2d>(
           24, 20, ConvOptions{.kernel = 3, .padding = 1, .resample = ConvResample::kUpBefore}),
       {2, 24, 9, 8}},
      {std::make_shared<Conv2d>(
           24, 20, ConvOptions{.kernel = 3, .padding = 1, .resample = ConvResample::kMeanAfter}),
       {2, 24, 8, 8}},
      {std::make_shared<Conv2d>(3, 20, ConvOptions{.kernel = 5, .stride = 2}), {2, 3, 9, 8}},
      {std::make_shared<Conv2d>(6, 20, ConvOptions{.kernel = 9, .padding = 0}), {2, 6, 9, 9}}};
  for (const auto& [conv, shape] : shapes) {
    conv->initialize(1, "conv");
    for (const bool normalised : {true, false}) {
      for (const double slope : {0.0, 0.2, 1.0}) {
        const at::Tensor x = noise(shape);
        const auto norm = normalised ? batch_norm(conv->forward(x).size(1)) : nullptr;
        if (norm) {
          norm->initialize(2, "norm");
          Stream random(3, "statistics");
          for (auto& [name, tensor] : norm->state())
            at::Tensor(tensor).copy_(random.uniform(tensor.sizes(), 0.5, 2));
        }
        const auto relu = slope == 1 ? nullptr : std::make_shared<LeakyRelu>(slope);
        Sequential layers({conv, norm, relu});
        const at::Tensor expected = layers.forward(x).detach();  // derivatives are wanted
        const at::NoGradGuard no_grad;
        EXPECT_TRUE(at::allclose(layers.forward(x), expected, 1e-4, 1e-4))
            << shape << (normalised ? " normalised" : "") << " slope " << slope;
      }
    }
  }
}

class InPlace : public testing::TestWithParam<std::function<ModulePtr(bool)>> {};

// In place, gradients and second gradients behind a convolution must not change.
TEST_P(InPlace, EqualsTheCopyingForm) {
  const auto plain =
      sequence(conv(2, 3, {.kernel = 3}), GetParam()(false), conv(3, 1, {.kernel = 3}));
  const auto in_place =
      sequence(conv(2, 3, {.kernel = 3}), GetParam()(true), conv(3, 1, {.kernel = 3}));
  plain->initialize(1, "test");
  in_place->initialize(1, "test");
  const at::Tensor x = noise({2, 2, 6, 6});
  EXPECT_TRUE(at::equal(plain->forward(x), in_place->forward(x)));
  EXPECT_TRUE(at::equal(x, noise({2, 2, 6, 6}))) << "the input must stay";
  plain->forward(x).square().sum().backward();
  in_place->forward(x).square().sum().backward();
  std::vector<at::Tensor> expected;
  plain->each_parameter([&](const std::string&, at::Tensor& p) { expected.push_back(p.grad()); });
  size_t i = 0;
  in_place->each_parameter([&](const std::string& path, at::Tensor& p) {
    EXPECT_TRUE(at::equal(p.grad(), expected[i++])) << path;
  });
}

INSTANTIATE_TEST_SUITE_P(Both, InPlace,
                         testing::Values([](bool in_place) { return relu(in_place); },
                                         [](bool in_place) { return leaky_relu(0.2, in_place); }));

TEST(Networks, SameBitsForAnyThreadCount) {
  const auto run = [](int threads) {
    at::set_num_threads(threads);
    const auto up = conv_pyramid_up(8, 16, {1, 28, 28});
    const auto down = conv_pyramid_down({1, 28, 28}, 16);
    up->initialize(1, "up");
    down->initialize(1, "down");
    const ForwardScope scope(Mode::kTrain, nullptr);
    return down->forward(up->forward(noise({16, 8}))).detach().clone();
  };
  const int before = at::get_num_threads();
  const at::Tensor one = run(1);
  const at::Tensor two = run(2);
  at::set_num_threads(before);
  EXPECT_TRUE(at::equal(one, two));
}

}  // namespace
}  // namespace ganymede::nn
