#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "ganymede/core/error.h"
#include "ganymede/nn/networks.h"

namespace ganymede::nn {
namespace {

std::vector<std::string> names(Module& module) {
  std::vector<std::string> all;
  module.each_parameter([&](const std::string& path, at::Tensor&) { all.push_back(path); });
  return all;
}

std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing was thrown";
}

TEST(Module, NamesParametersAsPyTorchDoes) {
  const auto net = conv_pyramid_down({1, 16, 16}, 4);
  EXPECT_EQ(names(*net),
            (std::vector<std::string>{"main.0.weight", "main.2.weight", "main.3.weight",
                                      "main.3.bias", "main.5.weight"}));
}

TEST(Module, StateSharesStorageAndHoldsBuffers) {
  const auto net = batch_norm(3);
  const TensorMap state = net->state();
  ASSERT_EQ(state.size(), 4u);
  EXPECT_FALSE(state.at("weight").requires_grad());
  at::Tensor(state.at("running_mean")).fill_(5);
  EXPECT_EQ(net->state().at("running_mean")[0].item<float>(), 5);
}

TEST(Module, LoadStateCopiesValues) {
  const auto from = mlp(3, {4}, 2);
  const auto to = mlp(3, {4}, 2);
  from->initialize(1, "test");
  to->load_state(from->state(), "test");
  for (const auto& [path, tensor] : from->state()) {
    EXPECT_TRUE(at::equal(tensor, to->state().at(path))) << path;
  }
  at::Tensor(from->state().at("1.weight")).fill_(9);
  EXPECT_FALSE(at::equal(from->state().at("1.weight"), to->state().at("1.weight")));
}

TEST(Module, LoadStateListsEveryProblemAndChangesNothing) {
  const auto net = mlp(3, {4}, 2);
  net->initialize(1, "test");
  const at::Tensor before = net->state().at("1.weight").clone();
  TensorMap state = net->state();
  state["1.weight"] = at::ones({4, 3});
  state["1.bias"] = at::zeros({7});
  state.erase("3.bias");
  state["extra"] = at::zeros({1});
  const std::string message = message_of([&] { net->load_state(state, "model.safetensors"); });
  for (const char* part : {"[model.safetensors]", "missing 3.bias", "1.bias is [7], expected [4]",
                           "unexpected extra"}) {
    EXPECT_NE(message.find(part), std::string::npos) << part << " in: " << message;
  }
  EXPECT_TRUE(at::equal(net->state().at("1.weight"), before));
}

TEST(Module, InitializationDependsOnSeedAndNameOnly) {
  const auto a = mlp(30, {40}, 2);
  const auto b = mlp(30, {40}, 9);  // another last layer must not move the first
  a->initialize(3, "init/D");
  b->initialize(3, "init/D");
  EXPECT_TRUE(at::equal(a->state().at("1.weight"), b->state().at("1.weight")));
  b->initialize(4, "init/D");
  EXPECT_FALSE(at::equal(a->state().at("1.weight"), b->state().at("1.weight")));
  b->initialize(3, "init/G");
  EXPECT_FALSE(at::equal(a->state().at("1.weight"), b->state().at("1.weight")));
}

// Standard error of a mean of n values of deviation s is s / sqrt(n); five of them are allowed.
void expect_moments(const at::Tensor& t, double mean, double deviation) {
  const auto n = static_cast<double>(t.numel());
  EXPECT_NEAR(t.mean().item<double>(), mean, 5 * deviation / std::sqrt(n));
  EXPECT_NEAR(t.std().item<double>(), deviation, 5 * deviation / std::sqrt(n));
}

TEST(Module, InitialWeightsHaveTheirMoments) {
  const auto net = conv_pyramid_up(100, 32, {3, 64, 64});
  net->initialize(0, "test");
  expect_moments(net->state().at("main.0.weight"), 0, 0.02);
  expect_moments(net->state().at("main.1.weight"), 1, 0.02);
  EXPECT_EQ(net->state().at("main.1.bias").abs().max().item<float>(), 0);

  const auto usual = conv(16, 64, {.kernel = 5});
  usual->initialize(0, "test");
  const at::Tensor weight = usual->state().at("weight");
  const double bound = 1 / std::sqrt(16 * 25.0);  // PyTorch: kaiming_uniform(a = sqrt 5)
  expect_moments(weight, 0, bound / std::sqrt(3.0));
  EXPECT_LE(weight.abs().max().item<double>(), bound * (1 + 1e-6));
}

TEST(Module, GlorotAndHeInitsHaveTheirVariance) {
  const Init glorot = Init::glorot_uniform(300, 100);
  EXPECT_NEAR(glorot.b * glorot.b / 3, 2.0 / 400, 1e-12);  // variance of U(-b, b) is b^2 / 3
  EXPECT_EQ(glorot.a, -glorot.b);
  const Init he = Init::he_uniform(300);
  EXPECT_NEAR(he.b * he.b / 3, 2.0 / 300, 1e-12);
}

TEST(Module, FrozenParametersTakeNoGradient) {
  const auto net = mlp(3, {4}, 2);
  net->initialize(1, "test");
  net->set_frozen(true);
  const at::Tensor x = at::ones({2, 3}).requires_grad_();
  net->forward(x).sum().backward();
  EXPECT_TRUE(x.grad().defined());
  net->each_parameter([](const std::string& path, at::Tensor& p) {
    EXPECT_FALSE(p.requires_grad()) << path;
    EXPECT_FALSE(p.grad().defined()) << path;
  });
  net->set_frozen(false);
  net->forward(x).sum().backward();
  net->each_parameter(
      [](const std::string& path, at::Tensor& p) { EXPECT_TRUE(p.grad().defined()) << path; });
}

TEST(Module, ConversionKeepsValuesAndFreezing) {
  const auto net = mlp(3, {4}, 2, {.norm = Norm::kBatch});
  net->initialize(1, "test");
  const at::Tensor before = net->state().at("1.weight").clone();
  net->set_frozen(true);
  net->to(at::kDouble);
  EXPECT_EQ(net->state().at("2.running_var").scalar_type(), at::kDouble);
  EXPECT_TRUE(at::equal(net->state().at("1.weight").to(at::kFloat), before));
  net->each_parameter([](const std::string&, at::Tensor& p) { EXPECT_FALSE(p.requires_grad()); });
}

TEST(Module, CountsParameters) {
  EXPECT_EQ(mlp(3, {4}, 2)->parameter_count(), 3 * 4 + 4 + 4 * 2 + 2);
  EXPECT_EQ(batch_norm(7)->parameter_count(), 14);
}

}  // namespace
}  // namespace ganymede::nn
