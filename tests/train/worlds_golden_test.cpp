// gan3d and mocogan against an independent PyTorch script (tests/golden/worlds.py): networks,
// samples, scores, features, losses, gradients, five steps; random draws included.
#include "../golden/gans_golden.h"
#include "ganymede/gans/sampling.h"
#include "golden_optimizer.h"

namespace ganymede::golden {
namespace {

constexpr int64_t kSteps = 5;

const json& worlds_cases() {
  static const json cases =
      json::parse(std::ifstream(GANYMEDE_SOURCE_DIR "/tests/golden/worlds.json"));
  return cases;
}

std::vector<std::string> worlds_names() {
  std::vector<std::string> names;
  for (const json& golden : worlds_cases()) names.push_back(golden["name"]);
  return names;
}

class WorldsGolden : public ::testing::TestWithParam<std::string> {
 protected:
  const json& golden_ = *std::ranges::find_if(
      worlds_cases(), [](const json& golden) { return golden["name"] == GetParam(); });
  std::unique_ptr<gans::Gan> gan_ = make_gan(golden_);

  at::Tensor loss(const gans::Phase& phase, int64_t key, gans::Step& step, const json& terms,
                  double tolerance) {
    return checked_loss(*gan_, phase, real_batch(golden_, key), step, terms, tolerance);
  }
};

TEST_P(WorldsGolden, ParametersHavePyTorchsNamesAndShapes) {
  ASSERT_EQ(gan_->networks().size(), golden_["parameters"].size());
  for (const auto& network : gan_->networks()) {
    EXPECT_EQ(parameters_of(*network->module), golden_["parameters"][network->name])
        << network->name;
  }
}

TEST_P(WorldsGolden, GeneratesScoresAndSeesTheSame) {
  const int64_t count = golden_["batch"];
  const at::Tensor z =
      by_formula({count, gan_->latent().dim}, [](double i) { return std::sin(1.3 * i); });
  const at::Tensor samples =
      gans::sample(*gan_, {.seeds = {}, .labels = class_labels(golden_), .z = z});
  expect_digest(samples, golden_["generated"], 1e-5, 1e-3, "samples");
  const Batch reals = real_batch(golden_, 0);
  const at::NoGradGuard no_grad;
  const at::Tensor scores = gan_->score(reals.samples, reals.labels);
  const std::vector<double> expected = golden_["scores"];
  ASSERT_EQ(static_cast<size_t>(scores.numel()), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_NEAR(scores[static_cast<int64_t>(i)].item<double>(), expected[i],
                2e-5 * std::max(1.0, std::abs(expected[i])));
  }
  expect_digest(gan_->features(reals.samples), golden_["features"], 1e-5, 1e-3, "features");
}

TEST_P(WorldsGolden, LossesAndGradientsOfEveryPhaseAreTheSame) {
  gans::Step step(*gan_, golden_["seed"], 0, at::kCPU);
  const auto phases = gan_->phases();
  ASSERT_EQ(phases.size(), golden_["first"].size());
  for (size_t i = 0; i < phases.size(); ++i) {
    const json& expected = golden_["first"][i];
    ASSERT_EQ(phases[i].name, expected["phase"].get<std::string>());
    step.begin_phase(phases[i], 0);
    const at::Tensor total = loss(phases[i], 0, step, expected["terms"], 1e-5);
    ASSERT_EQ(total.defined(), !expected["terms"].empty()) << "rests or not";
    if (!total.defined()) continue;
    total.backward();
    for (const auto& network : phases[i].networks) {
      network->module->each_parameter([&](const std::string& path, at::Tensor& parameter) {
        const std::string name = network->name + "/" + path;
        ASSERT_EQ(parameter.grad().defined(), expected["gradients"].contains(name)) << name;
        if (!parameter.grad().defined()) return;
        expect_digest(parameter.grad(), expected["gradients"][name], 1e-4, 0.05, name);
      });
    }
  }
}

TEST_P(WorldsGolden, FiveStepsEndInTheSameState) {
  std::map<std::string, train::Optimizer> optimizers;
  for (const gans::Phase& phase : gan_->phases()) {
    optimizers.emplace(phase.name, make_optimizer(golden_["optimizer"], phase));
  }
  size_t record = 0;
  for (int64_t index = 0; index < kSteps; ++index) {
    gans::Step step(*gan_, golden_["seed"], index, at::kCPU);
    for (const gans::Phase& phase : gan_->phases()) {
      step.begin_phase(phase, 0);
      const at::Tensor total = loss(phase, index + 1, step, golden_["steps"][record++], 1e-4);
      if (!total.defined()) continue;  // the player rests
      total.backward();
      optimizers.at(phase.name).step(0);
      optimizers.at(phase.name).zero_grad();
    }
  }
  ASSERT_EQ(record, golden_["steps"].size());
  for (const auto& network : gan_->networks()) {
    const nn::TensorMap state = network->module->state();
    const json& expected = golden_["final"][network->name];
    ASSERT_EQ(state.size(), expected.size()) << network->name;
    for (const auto& [path, tensor] : state) {
      expect_digest(tensor, expected.at(path), 5e-5, 0.05, network->name + "/" + path);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(PyTorch, WorldsGolden, ::testing::ValuesIn(worlds_names()),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace ganymede::golden
