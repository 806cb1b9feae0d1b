// srgan against an independent PyTorch script (tests/golden/restore.py): networks, restored
// pictures, scores, losses, gradients, five steps, also across the end of pretraining.
#include <algorithm>
#include <optional>

#include "../golden/gans_golden.h"
#include "ganymede/gans/sampling.h"
#include "ganymede/nn/restoration.h"
#include "golden_optimizer.h"

namespace ganymede::golden {
namespace {

constexpr int64_t kSteps = 5;

const json& restore_goldens() {
  static const json all =
      json::parse(std::ifstream(GANYMEDE_SOURCE_DIR "/tests/golden/restore.json"));
  return all;
}

std::vector<std::string> restore_names() {
  std::vector<std::string> names;
  for (const json& golden : restore_goldens()["gans"]) names.push_back(golden["name"]);
  return names;
}

class RestoreGolden : public ::testing::TestWithParam<std::string> {
 protected:
  const json& golden_ = *std::ranges::find_if(
      restore_goldens()["gans"], [](const json& golden) { return golden["name"] == GetParam(); });
  std::unique_ptr<gans::Gan> gan_ = build();

  std::unique_ptr<gans::Gan> build() const {
    const auto builder = gans::registry().find("srgan").builder();
    config::Recipe recipe;
    for (const auto& [key, literal] : golden_["config"].items()) {
      recipe.set("gan." + key + "=" + literal.get<std::string>());
    }
    recipe.bind(builder->section());
    SampleSpec spec{.domain = "image", .shape = golden_["shape"]};
    spec.given = {{.domain = "image", .shape = golden_["given"]}};
    auto gan = builder->build(spec);
    gan->initialize(0);
    for (const auto& network : gan->networks()) {
      fill_weights(*network->module, golden_["gains"][network->name], golden_["chirp"]);
    }
    gan->reset_averages();
    return gan;
  }

  at::Tensor given(std::vector<int64_t> shape, int64_t count, int64_t key) const {
    shape.insert(shape.begin(), count);
    return by_formula(
        shape, [&](double i) { return 0.8 * std::cos(0.37 * i + 0.9 * static_cast<double>(key)); });
  }

  Batch batch(int64_t key) const {
    Batch reals = real_batch(golden_, key);
    reals.given = given(golden_["given"], golden_["batch"], key);
    return reals;
  }
};

TEST_P(RestoreGolden, ParametersHavePyTorchsNamesAndShapes) {
  ASSERT_EQ(gan_->networks().size(), golden_["parameters"].size());
  for (const auto& network : gan_->networks()) {
    EXPECT_EQ(parameters_of(*network->module), golden_["parameters"][network->name])
        << network->name;
  }
}

TEST_P(RestoreGolden, RestoresAndScoresTheSame) {
  const int64_t count = golden_["batch"];
  const std::vector<uint64_t> seeds(static_cast<size_t>(count), 0);
  const at::Tensor made =
      gans::sample(*gan_, {.seeds = seeds, .given = given(golden_["given"], count, 0)});
  expect_digest(made, golden_["generated"], 1e-5, 1e-3, "restored");
  const json& other = golden_["other"];
  const at::Tensor sized =
      gans::translate(*gan_, {.seeds = {0}, .given = given(other["given"], 1, 2)});
  EXPECT_EQ(sized.size(2), gan_->enlarges() * other["given"][1].get<int64_t>());
  expect_digest(sized, other["generated"], 1e-5, 1e-3, "restored, of another size");
  const at::NoGradGuard no_grad;
  const at::Tensor scores = gan_->score(batch(0).samples, {});
  const std::vector<double> expected = golden_["scores"];
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_NEAR(scores[static_cast<int64_t>(i)].item<double>(), expected[i], 2e-5);
  }
}

TEST_P(RestoreGolden, LossesAndGradientsOfEveryPhaseAreTheSame) {
  const auto phases = gan_->phases();
  ASSERT_EQ(phases.size(), golden_["first"].size());
  std::optional<gans::Step> step(std::in_place, *gan_, 1, 0, at::kCPU);
  for (size_t i = 0; i < phases.size(); ++i) {
    const json& expected = golden_["first"][i];
    ASSERT_EQ(phases[i].name, expected["phase"].get<std::string>());
    if (phases[i].name == "D") step.emplace(*gan_, 1, 0, at::kCPU);
    step->begin_phase(phases[i], 0);
    checked_loss(*gan_, phases[i], batch(0), *step, expected["terms"], 1e-5).backward();
    for (const auto& network : phases[i].networks) {
      network->module->each_parameter([&](const std::string& path, at::Tensor& parameter) {
        const std::string name = network->name + "/" + path;
        ASSERT_EQ(parameter.grad().defined(), expected["gradients"].contains(name)) << name;
        if (!parameter.grad().defined()) return;
        // The floor is for biases whose exact gradient is zero: CPUs round differently.
        expect_digest(parameter.grad(), expected["gradients"][name], 1e-4, 0.1, name);
        parameter.mutable_grad().reset();
      });
    }
  }
}

// Whether exact arithmetic leaves no gradient: a bias in front of a batch norm, or of all logits in
// a relative game. Adam turns the rounding that is left into steps as large as its rate, and
// running means follow.
bool is_idle(const std::string& path, const nn::TensorMap& state, bool relative) {
  if (path.ends_with("running_mean")) return true;
  if (relative && (path == "logit.bias" || path == "hidden.0.bias")) return true;
  if (!path.ends_with(".bias")) return false;
  const std::string layer = path.substr(0, path.size() - 5);
  const size_t dot = layer.rfind('.');
  if (dot == std::string::npos ||
      layer.find_first_not_of("0123456789", dot + 1) != std::string::npos)
    return false;
  const std::string next = std::to_string(std::stoi(layer.substr(dot + 1)) + 1);
  return state.contains(layer.substr(0, dot + 1) + next + ".running_mean");
}

// What that may amount to: each entry may have gone the other way at every step.
double idle_tolerance(const at::Tensor& tensor, const json& expected) {
  constexpr double kRate = 2e-4, kFloor = 0.05;
  const double slack = 2 * kRate * kSteps * std::sqrt(static_cast<double>(tensor.numel()));
  return slack / std::max(expected[0].get<double>(), kFloor);
}

TEST_P(RestoreGolden, FiveStepsEndInTheSameState) {
  std::map<std::string, train::Optimizer> optimizers;
  for (const gans::Phase& phase : gan_->phases()) {
    optimizers.emplace(phase.name, make_optimizer(golden_["optimizer"], phase));
  }
  size_t record = 0;
  for (int64_t index = 0; index < kSteps; ++index) {
    gans::Step step(*gan_, 1, index, at::kCPU);
    const double kimg = static_cast<double>(index * golden_["batch"].get<int64_t>()) / 1000;
    for (const gans::Phase& phase : gan_->phases()) {
      if (!phase.due(index, kimg)) continue;
      ASSERT_LT(record, golden_["steps"].size());
      const json& expected = golden_["steps"][record++];
      EXPECT_EQ(phase.name, expected["phase"].get<std::string>());
      step.begin_phase(phase, 0);
      checked_loss(*gan_, phase, batch(index), step, expected["terms"], 5e-5).backward();
      optimizers.at(phase.name).step(0);
      optimizers.at(phase.name).zero_grad();
    }
  }
  ASSERT_EQ(record, golden_["steps"].size());
  for (const auto& network : gan_->networks()) {
    const nn::TensorMap state = network->module->state();
    const json& expected = golden_["final"][network->name];
    ASSERT_EQ(state.size(), expected.size()) << network->name;
    const bool relative = golden_["config"]["relative"] == "\"average\"";
    for (const auto& [path, tensor] : state) {
      const bool idle = is_idle(path, state, relative);
      // A step is 2e-4 whatever the gradient's size; where that is small, CPUs that round
      // differently part by some 1e-5.
      const double tolerance = idle ? idle_tolerance(tensor, expected.at(path)) : 2e-4;
      expect_digest(tensor, expected.at(path), tolerance, 0.05, network->name + "/" + path);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(PyTorch, RestoreGolden, ::testing::ValuesIn(restore_names()),
                         [](const auto& info) { return info.param; });

TEST(RestoreNetworks, HaveAsManyWeightsAsTheScriptCounts) {
  const json& counts = restore_goldens()["parameters"];
  EXPECT_EQ(nn::srresnet(3)->parameter_count(), counts["srresnet"].get<int64_t>());
  EXPECT_EQ(nn::PictureJudge(3, 96, 96, 64, false).parameter_count(),
            counts["judge96"].get<int64_t>());
}

}  // namespace
}  // namespace ganymede::golden
