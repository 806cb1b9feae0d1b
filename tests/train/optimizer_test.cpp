// Optimizers against numbers computed by hand and closed forms; schedules; state.
#include "ganymede/train/optimizer.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

#include "ganymede/core/error.h"
#include "ganymede/core/random.h"

namespace ganymede::train {
namespace {

constexpr double kTolerance = 1e-6;

at::Tensor parameter(double value) {
  return at::full({1}, value, at::kFloat).set_requires_grad(true);
}

void set_gradient(const NamedParameters& parameters, size_t index, double value) {
  parameters[index].second.mutable_grad() = at::full({1}, value, at::kFloat);
}

OptimizerConfig config_of(OptimizerKind kind, double learning_rate = 0.1) {
  OptimizerConfig config;
  config.kind = kind;
  config.learning_rate = learning_rate;
  return config;
}

// The parameter's values after each of the gradients 1, -2, 3, from 1.
std::vector<double> three_steps(const OptimizerConfig& config) {
  const NamedParameters parameters = {{"p", parameter(1)}};
  Optimizer optimizer(config, parameters);
  std::vector<double> values;
  for (const double gradient : {1.0, -2.0, 3.0}) {
    set_gradient(parameters, 0, gradient);
    optimizer.step(0);
    values.push_back(parameters[0].second.item<double>());
  }
  return values;
}

void expect_values(const std::vector<double>& found, const std::vector<double>& expected) {
  ASSERT_EQ(found.size(), expected.size());
  for (size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i], expected[i], kTolerance) << i;
}

TEST(Optimizer, SgdWithMomentumByHand) {
  OptimizerConfig config = config_of(OptimizerKind::kSgd);
  config.momentum = 0.9;
  // v = 1, -1.1, 2.01.
  expect_values(three_steps(config), {0.9, 1.01, 0.809});
}

TEST(Optimizer, SgdMomentumIsAGeometricSum) {
  OptimizerConfig config = config_of(OptimizerKind::kSgd, 0.01);
  config.momentum = 0.8;
  const NamedParameters parameters = {{"p", parameter(0)}};
  Optimizer optimizer(config, parameters);
  double expected = 0;
  for (int t = 1; t <= 12; ++t) {
    set_gradient(parameters, 0, 3);
    optimizer.step(0);
    expected -= 0.01 * 3 * (1 - std::pow(0.8, t)) / (1 - 0.8);
    EXPECT_NEAR(parameters[0].second.item<double>(), expected, kTolerance) << t;
  }
}

TEST(Optimizer, AdamByHand) {
  OptimizerConfig config = config_of(OptimizerKind::kAdam);
  config.beta1 = 0.5;
  config.beta2 = 0.9;
  // m = 0.5, -0.75, 1.125; v = 0.1, 0.49, 1.341; both divided by 1 - beta^t.
  expect_values(three_steps(config), {0.9, 0.9622699855, 0.9044717309});
}

TEST(Optimizer, AdamUnderAConstantGradientMovesByTheRate) {
  const NamedParameters parameters = {{"p", parameter(0)}};
  Optimizer optimizer(config_of(OptimizerKind::kAdam, 0.01), parameters);
  for (int t = 1; t <= 20; ++t) {
    set_gradient(parameters, 0, -7);
    optimizer.step(0);
    EXPECT_NEAR(parameters[0].second.item<double>(), 0.01 * t, 2e-6) << t;
  }
}

TEST(Optimizer, RmspropByHand) {
  OptimizerConfig config = config_of(OptimizerKind::kRmsprop);
  config.alpha = 0.9;
  // Mean squares 0.1, 0.49, 1.341.
  expect_values(three_steps(config), {0.6837722440, 0.9694865256, 0.7104226478});
}

TEST(Optimizer, ScaleMultipliesTheRate) {
  const NamedParameters parameters = {{"p", parameter(1)}};
  Optimizer optimizer(config_of(OptimizerKind::kSgd), parameters);
  set_gradient(parameters, 0, 2);
  optimizer.step(0, 0.25);
  EXPECT_NEAR(parameters[0].second.item<double>(), 1 - 0.1 * 0.25 * 2, kTolerance);
}

TEST(Optimizer, LeavesParametersWithoutGradientAlone) {
  for (const OptimizerKind kind :
       {OptimizerKind::kSgd, OptimizerKind::kAdam, OptimizerKind::kRmsprop}) {
    const NamedParameters parameters = {{"used", parameter(1)}, {"unused", parameter(5)}};
    Optimizer optimizer(config_of(kind), parameters);
    for (int t = 0; t < 3; ++t) {
      set_gradient(parameters, 0, 1);
      optimizer.step(0);
    }
    EXPECT_EQ(parameters[1].second.item<float>(), 5.0F);
    EXPECT_LT(parameters[0].second.item<float>(), 1.0F);
    for (const auto& [name, tensor] : optimizer.state()) {
      if (!name.ends_with("/unused")) continue;
      EXPECT_EQ(tensor.abs().sum().item<float>(), 0.0F) << name;
    }
  }
}

TEST(Optimizer, AdamCorrectsBiasByTheParametersOwnCount) {
  const NamedParameters parameters = {{"early", parameter(0)}, {"late", parameter(0)}};
  Optimizer optimizer(config_of(OptimizerKind::kAdam), parameters);
  for (int t = 0; t < 4; ++t) {
    set_gradient(parameters, 0, 1);
    optimizer.step(0);
  }
  set_gradient(parameters, 1, 1);
  optimizer.step(0);
  EXPECT_NEAR(parameters[1].second.item<double>(), -0.1, kTolerance);
}

TEST(Optimizer, GradientNormIsOverAllParameters) {
  const NamedParameters parameters = {{"a", parameter(0)}, {"b", parameter(0)}};
  Optimizer optimizer(config_of(OptimizerKind::kSgd), parameters);
  EXPECT_EQ(optimizer.gradient_norm().item<double>(), 0);
  set_gradient(parameters, 0, 3);
  set_gradient(parameters, 1, -4);
  EXPECT_NEAR(optimizer.gradient_norm().item<double>(), 5, kTolerance);
  optimizer.zero_grad();
  EXPECT_EQ(optimizer.gradient_norm().item<double>(), 0);
  EXPECT_FALSE(parameters[0].second.grad().defined());
}

TEST(Schedule, ConstantByDefault) {
  const OptimizerConfig config;
  EXPECT_DOUBLE_EQ(learning_rate_at(config, 0, 0), 2e-4);
  EXPECT_DOUBLE_EQ(learning_rate_at(config, 1e6, 1'000'000), 2e-4);
  EXPECT_DOUBLE_EQ(momentum_at(config, 100), 0);
}

TEST(Schedule, LinearFallsBetweenItsEnds) {
  OptimizerConfig config = config_of(OptimizerKind::kSgd, 0.8);
  config.decay = Decay::kLinear;
  config.decay_start_kimg = 10;
  config.decay_end_kimg = 20;
  EXPECT_DOUBLE_EQ(learning_rate_at(config, 5, 99), 0.8);
  EXPECT_DOUBLE_EQ(learning_rate_at(config, 10, 0), 0.8);
  EXPECT_DOUBLE_EQ(learning_rate_at(config, 12.5, 0), 0.6);
  EXPECT_DOUBLE_EQ(learning_rate_at(config, 20, 0), 0);
  EXPECT_DOUBLE_EQ(learning_rate_at(config, 30, 0), 0);
  config.learning_rate_floor = 0.1;
  EXPECT_DOUBLE_EQ(learning_rate_at(config, 30, 0), 0.1);
}

TEST(Schedule, ExponentialDividesAtEveryUpdateDownToTheFloor) {
  OptimizerConfig config = config_of(OptimizerKind::kSgd, 0.8);
  config.decay = Decay::kExponential;
  config.decay_factor = 2;
  config.learning_rate_floor = 0.05;
  EXPECT_DOUBLE_EQ(learning_rate_at(config, 0, 0), 0.8);
  EXPECT_DOUBLE_EQ(learning_rate_at(config, 0, 3), 0.1);
  EXPECT_DOUBLE_EQ(learning_rate_at(config, 0, 30), 0.05);
}

TEST(Schedule, ExponentialIsAppliedByStep) {
  OptimizerConfig config = config_of(OptimizerKind::kSgd, 1.0);
  config.decay = Decay::kExponential;
  config.decay_factor = 2;
  const NamedParameters parameters = {{"p", parameter(0)}};
  Optimizer optimizer(config, parameters);
  double expected = 0;
  for (const double rate : {1.0, 0.5, 0.25}) {
    set_gradient(parameters, 0, 1);
    optimizer.step(0);
    expected -= rate;
    EXPECT_NEAR(parameters[0].second.item<double>(), expected, kTolerance);
  }
}

TEST(Schedule, MomentumRamps) {
  OptimizerConfig config;
  config.momentum = 0.5;
  config.momentum_final = 0.7;
  config.momentum_ramp_kimg = 100;
  EXPECT_DOUBLE_EQ(momentum_at(config, 0), 0.5);
  EXPECT_DOUBLE_EQ(momentum_at(config, 50), 0.6);
  EXPECT_DOUBLE_EQ(momentum_at(config, 1000), 0.7);
}

class OptimizerState : public ::testing::TestWithParam<OptimizerKind> {};

NamedParameters two_matrices() {
  Stream random(3, "parameters");
  NamedParameters parameters = {{"a", random.normal({4, 3})}, {"b", random.normal({7})}};
  for (auto& [name, tensor] : parameters) tensor.set_requires_grad(true);
  return parameters;
}

void advance(Optimizer& optimizer, uint64_t from, uint64_t to) {
  for (uint64_t t = from; t < to; ++t) {
    Stream random(5, "gradients", t);
    for (const auto& [name, tensor] : optimizer.parameters()) {
      tensor.mutable_grad() = random.normal(tensor.sizes());
    }
    optimizer.step(static_cast<double>(t));
  }
}

TEST_P(OptimizerState, GoesOnBitExactly) {
  OptimizerConfig config = config_of(GetParam(), 0.02);
  config.momentum = 0.9;
  config.decay = Decay::kExponential;
  config.decay_factor = 1.1;
  const NamedParameters straight = two_matrices();
  Optimizer whole(config, straight);
  advance(whole, 0, 9);

  const NamedParameters stopped = two_matrices();
  Optimizer first(config, stopped);
  advance(first, 0, 4);
  NamedParameters resumed = two_matrices();
  for (size_t i = 0; i < resumed.size(); ++i) {
    resumed[i].second = stopped[i].second.detach().clone().set_requires_grad(true);
  }
  Optimizer second(config, resumed);
  second.load_state(first.state(), first.updates(), "test");
  advance(second, 4, 9);
  for (size_t i = 0; i < straight.size(); ++i) {
    EXPECT_TRUE(at::equal(straight[i].second, resumed[i].second)) << straight[i].first;
  }
  EXPECT_EQ(second.updates(), 9);
}

TEST_P(OptimizerState, RefusesAStateThatDoesNotFit) {
  Optimizer optimizer(config_of(GetParam()), two_matrices());
  const nn::TensorMap good = optimizer.state();
  nn::TensorMap missing = good;
  missing.erase(missing.begin());
  EXPECT_THROW(optimizer.load_state(missing, 1, "place"), ModelError);
  nn::TensorMap misshapen = good;
  misshapen.begin()->second = at::zeros({4, 4});
  EXPECT_THROW(optimizer.load_state(misshapen, 1, "place"), ModelError);
  nn::TensorMap more = good;
  more["momentum/c"] = at::zeros({1});
  EXPECT_THROW(optimizer.load_state(more, 1, "place"), ModelError);
  EXPECT_EQ(optimizer.updates(), 0);
}

TEST_P(OptimizerState, NamesTheTensorThatIsMissing) {
  Optimizer optimizer(config_of(GetParam()), two_matrices());
  nn::TensorMap missing = optimizer.state();
  const std::string name = missing.begin()->first;
  missing.erase(missing.begin());
  try {
    optimizer.load_state(missing, 1, "runs/x/000001");
    FAIL() << "accepted";
  } catch (const ModelError& error) {
    EXPECT_NE(std::string(error.what()).find(name), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find("runs/x/000001"), std::string::npos);
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, OptimizerState,
                         ::testing::Values(OptimizerKind::kSgd, OptimizerKind::kAdam,
                                           OptimizerKind::kRmsprop),
                         [](const auto& info) {
                           return std::string(
                               enum_names(OptimizerKind())[static_cast<size_t>(info.param)].first);
                         });

}  // namespace
}  // namespace ganymede::train
