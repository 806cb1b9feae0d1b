// fastsim against an independent PyTorch script (tests/golden/physics.py): networks, samples,
// losses, gradients, five steps of RMSProp, with and without parameters.
#include <algorithm>

#include "../golden/gans_golden.h"
#include "ganymede/gans/sampling.h"
#include "golden_optimizer.h"

namespace ganymede::golden {
namespace {

constexpr int64_t kSteps = 5;

const json& physics_goldens() {
  static const json all =
      json::parse(std::ifstream(GANYMEDE_SOURCE_DIR "/tests/golden/physics.json"));
  return all;
}

SampleSpec detector_spec(std::vector<int64_t> shape, int64_t parameters) {
  SampleSpec spec{.domain = "detector", .shape = std::move(shape)};
  if (parameters > 0) spec.given = {{.domain = "parameters", .shape = {parameters}}};
  return spec;
}

class PhysicsGolden : public ::testing::TestWithParam<const char*> {
 protected:
  const json& golden_ = *std::ranges::find_if(
      physics_goldens()["gans"], [](const json& golden) { return golden["name"] == GetParam(); });
  std::unique_ptr<gans::Gan> gan_ = build();

  std::unique_ptr<gans::Gan> build() const {
    const auto builder = gans::registry().find("fastsim").builder();
    config::Recipe recipe;
    for (const auto& [key, literal] : golden_["config"].items()) {
      recipe.set("gan." + key + "=" + literal.get<std::string>());
    }
    recipe.bind(builder->section());
    auto gan = builder->build(detector_spec(golden_["shape"], golden_["parameters"]));
    gan->initialize(0);
    for (const auto& network : gan->networks()) fill_weights(*network->module, golden_["gain"]);
    gan->reset_averages();
    return gan;
  }

  at::Tensor wave(std::vector<int64_t> shape, int64_t key, double scale) const {
    shape.insert(shape.begin(), golden_["batch"].get<int64_t>());
    return by_formula(shape, [&](double i) {
      return scale * (1 + std::cos(0.3 * i + 1.7 * static_cast<double>(key)));
    });
  }

  Batch batch(int64_t key) const {
    Batch batch{.samples = wave(golden_["shape"], key, 1.0), .labels = {}};
    if (golden_["parameters"] > 0) batch.given = wave({golden_["parameters"]}, key, 0.5);
    return batch;
  }
};

TEST_P(PhysicsGolden, ParametersHavePyTorchsNamesAndShapes) {
  for (const auto& network : gan_->networks()) {
    EXPECT_EQ(parameters_of(*network->module), golden_["names"][network->name]) << network->name;
  }
}

TEST_P(PhysicsGolden, GeneratesTheSame) {
  const at::Tensor z = by_formula({golden_["batch"], gan_->latent().dim},
                                  [](double i) { return std::sin(1.3 * i); });
  const gans::Request request{.seeds = {}, .z = z, .given = batch(0).given};
  expect_digest(gans::sample(*gan_, request), golden_["generated"], 1e-5, 1e-3, "G(z)");
}

TEST_P(PhysicsGolden, LossesAndGradientsOfEveryPhaseAreTheSame) {
  gans::Step step(*gan_, golden_["seed"], 0, at::kCPU);
  const auto phases = gan_->phases();
  ASSERT_EQ(phases.size(), golden_["first"].size());
  for (size_t i = 0; i < phases.size(); ++i) {
    const json& expected = golden_["first"][i];
    ASSERT_EQ(phases[i].name, expected["phase"].get<std::string>());
    step.begin_phase(phases[i], 0);
    checked_loss(*gan_, phases[i], batch(0), step, expected["terms"], 1e-5).backward();
    for (const auto& network : phases[i].networks) {
      network->module->each_parameter([&](const std::string& path, at::Tensor& parameter) {
        ASSERT_TRUE(parameter.grad().defined()) << path;
        expect_digest(parameter.grad(), expected["gradients"][path], 1e-4, 0.02, path);
        parameter.mutable_grad().reset();
      });
    }
  }
}

TEST_P(PhysicsGolden, FiveStepsEndInTheSameWeights) {
  std::map<std::string, train::Optimizer> optimizers;
  for (const gans::Phase& phase : gan_->phases()) {
    optimizers.emplace(phase.name, make_optimizer(golden_["optimizer"], phase));
  }
  size_t record = 0;
  int64_t key = 0;
  for (int64_t index = 0; index < kSteps; ++index) {
    gans::Step step(*gan_, golden_["seed"], index, at::kCPU);
    for (const gans::Phase& phase : gan_->phases()) {
      for (int64_t repeat = 0; repeat < phase.repeats; ++repeat) {
        if (phase.name == "D") ++key;
        ASSERT_LT(record, golden_["steps"].size());
        step.begin_phase(phase, repeat);
        checked_loss(*gan_, phase, batch(key), step, golden_["steps"][record++], 1e-4).backward();
        optimizers.at(phase.name).step(0);
        optimizers.at(phase.name).zero_grad();
      }
    }
  }
  ASSERT_EQ(record, golden_["steps"].size());
  for (const auto& network : gan_->networks()) {
    for (const auto& [path, tensor] : network->module->state()) {
      expect_digest(tensor, golden_["final"][network->name].at(path), 1e-4, 0.05,
                    network->name + "/" + path);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(PyTorch, PhysicsGolden, ::testing::Values("given", "alone"),
                         [](const auto& info) { return info.param; });

TEST(PhysicsNetworks, HaveAsManyWeightsAsTheScriptCounts) {
  const auto gan = gans::registry().find("fastsim").builder()->build(detector_spec({1, 8, 16}, 5));
  for (const auto& network : gan->networks()) {
    EXPECT_EQ(network->module->parameter_count(),
              physics_goldens()["counts"][network->name].get<int64_t>());
  }
}

}  // namespace
}  // namespace ganymede::golden
