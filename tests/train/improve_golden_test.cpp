// improved, unrolled, lapgan, vae, made, gsn and gan2014's CIFAR-10 forms against an independent
// PyTorch script (tests/golden/improve.py): networks, samples, scores, losses, gradients, five
// steps; random draws included.
#include "../golden/gans_golden.h"
#include "ganymede/gans/sampling.h"
#include "ganymede/nn/virtual_norm.h"
#include "golden_optimizer.h"

namespace ganymede::golden {
namespace {

constexpr int64_t kSteps = 5;

const json& improve_cases() {
  static const json cases =
      json::parse(std::ifstream(GANYMEDE_SOURCE_DIR "/tests/golden/improve.json"));
  return cases;
}

std::vector<std::string> improve_names() {
  std::vector<std::string> names;
  for (const json& golden : improve_cases()) names.push_back(golden["name"]);
  return names;
}

// Label of row i: i mod classes.
at::Tensor labels_of(const json& golden) {
  const int64_t classes = golden["classes"];
  if (classes == 0) return {};
  return at::arange(golden["batch"].get<int64_t>(), at::kLong).remainder(classes);
}

class ImproveGolden : public ::testing::TestWithParam<std::string> {
 protected:
  const json& golden_ = *std::ranges::find_if(
      improve_cases(), [](const json& golden) { return golden["name"] == GetParam(); });
  std::unique_ptr<gans::Gan> gan_ = build();

  std::unique_ptr<gans::Gan> build() const {
    const auto builder = gans::registry().find(golden_["gan"]).builder();
    config::Recipe recipe;
    for (const auto& [key, literal] : golden_["config"].items()) {
      recipe.set("gan." + key + "=" + literal.get<std::string>());
    }
    recipe.bind(builder->section());
    auto gan = builder->build({golden_["domain"], golden_["shape"], golden_["classes"]});
    gan->initialize(0);
    for (const auto& network : gan->networks()) {
      fill_weights(*network->module);
      if (golden_["config"].contains("reference_batch")) set_reference(*network->module);
    }
    gan->reset_averages();
    return gan;
  }

  void set_reference(nn::Module& module) const {
    const std::string rows = golden_["config"]["reference_batch"];
    const int64_t dim = golden_["latent_dim"];
    nn::set_reference(
        module, by_formula({std::stoll(rows), dim}, [](double i) { return std::sin(0.9 * i); }));
  }

  Batch batch(int64_t key) const {
    Batch reals = real_batch(golden_, key);
    reals.labels = labels_of(golden_);
    return reals;
  }
};

TEST_P(ImproveGolden, ParametersHavePyTorchsNamesAndShapes) {
  ASSERT_EQ(gan_->networks().size(), golden_["parameters"].size());
  for (const auto& network : gan_->networks()) {
    EXPECT_EQ(parameters_of(*network->module), golden_["parameters"][network->name])
        << network->name;
  }
}

TEST_P(ImproveGolden, GeneratesAndScoresTheSame) {
  const int64_t count = golden_["batch"];
  const at::Tensor z =
      by_formula({count, gan_->latent().dim}, [](double i) { return std::sin(1.3 * i); });
  const at::Tensor samples =
      gans::sample(*gan_, {.seeds = {}, .labels = labels_of(golden_), .z = z});
  expect_digest(samples, golden_["generated"], 1e-5, 1e-3, "samples");
  const Batch reals = batch(0);
  const at::NoGradGuard no_grad;
  const at::Tensor scores = gan_->score(reals.samples, reals.labels);
  ASSERT_EQ(scores.defined(), golden_.contains("scores"));
  if (!scores.defined()) return;
  const std::vector<double> expected = golden_["scores"];
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_NEAR(scores[static_cast<int64_t>(i)].item<double>(), expected[i],
                2e-5 * std::max(1.0, std::abs(expected[i])));
  }
}

TEST_P(ImproveGolden, LossesAndGradientsOfEveryPhaseAreTheSame) {
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
        const std::string name = network->name + "/" + path;
        ASSERT_EQ(parameter.grad().defined(), expected["gradients"].contains(name)) << name;
        if (!parameter.grad().defined()) return;
        expect_digest(parameter.grad(), expected["gradients"][name], 1e-4, 0.05, name);
      });
    }
  }
}

TEST_P(ImproveGolden, FiveStepsEndInTheSameState) {
  std::map<std::string, train::Optimizer> optimizers;
  for (const gans::Phase& phase : gan_->phases()) {
    optimizers.emplace(phase.name, make_optimizer(golden_["optimizer"], phase));
  }
  int64_t batches = 0;
  size_t record = 0;
  for (int64_t index = 0; index < kSteps; ++index) {
    gans::Step step(*gan_, golden_["seed"], index, at::kCPU);
    ++batches;
    for (const gans::Phase& phase : gan_->phases()) {
      for (int64_t repeat = 0; repeat < phase.repeats; ++repeat) {
        if (repeat > 0) ++batches;
        step.begin_phase(phase, repeat);
        checked_loss(*gan_, phase, batch(batches), step, golden_["steps"][record++], 5e-5)
            .backward();
        optimizers.at(phase.name).step(0);
        optimizers.at(phase.name).zero_grad();
      }
    }
  }
  ASSERT_EQ(record, golden_["steps"].size());
  for (const auto& network : gan_->networks()) {
    const nn::TensorMap state = network->module->state();
    const json& expected = golden_["final"][network->name];
    ASSERT_EQ(state.size(), expected.size()) << network->name;
    for (const auto& [path, tensor] : state) {
      expect_digest(tensor, expected.at(path), 2e-5, 0.05, network->name + "/" + path);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(PyTorch, ImproveGolden, ::testing::ValuesIn(improve_names()),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace ganymede::golden
