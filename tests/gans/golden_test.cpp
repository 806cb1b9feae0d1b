// Forward passes, losses and gradients against an independent PyTorch script
// (tests/golden/gans.py); random draws included.
#include "../golden/gans_golden.h"
#include "ganymede/gans/sampling.h"

namespace ganymede::golden {
namespace {

class GoldenGan : public ::testing::TestWithParam<std::string> {
 protected:
  const json& golden_ = gan_case(GetParam());
  std::unique_ptr<gans::Gan> gan_ = make_gan(golden_);
};

TEST_P(GoldenGan, ParametersHavePyTorchsNamesAndShapes) {
  for (const auto& network : gan_->networks()) {
    EXPECT_EQ(parameters_of(*network->module), golden_["parameters"][network->name])
        << network->name;
  }
}

TEST_P(GoldenGan, GeneratesAndJudgesTheSame) {
  const int64_t batch = golden_["batch"];
  const at::Tensor z =
      by_formula({batch, gan_->latent().dim}, [](double i) { return std::sin(1.3 * i); });
  expect_digest(gans::sample(*gan_, {.seeds = {}, .labels = class_labels(golden_), .z = z}),
                golden_["generated"], 1e-5, 1e-3, "G(z)");
  const Batch reals = real_batch(golden_, 0);
  const at::Tensor logits = gan_->score(reals.samples, reals.labels);
  const std::vector<double> expected = golden_["logits"];
  ASSERT_EQ(static_cast<size_t>(logits.numel()), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_NEAR(logits[static_cast<int64_t>(i)].item<double>(), expected[i], 2e-5);
  }
}

TEST_P(GoldenGan, LossesAndGradientsOfEveryPhaseAreTheSame) {
  gans::Step step(*gan_, golden_["seed"], 0, at::kCPU);
  const auto phases = gan_->phases();
  ASSERT_EQ(phases.size(), golden_["first"].size());
  for (size_t i = 0; i < phases.size(); ++i) {
    const json& expected = golden_["first"][i];
    ASSERT_EQ(phases[i].name, expected["phase"].get<std::string>());
    step.begin_phase(phases[i], 0);
    checked_loss(*gan_, phases[i], real_batch(golden_, 0), step, expected["terms"], 1e-5)
        .backward();
    for (const auto& network : phases[i].networks) {
      network->module->each_parameter([&](const std::string& path, at::Tensor& parameter) {
        ASSERT_EQ(parameter.grad().defined(), expected["gradients"].contains(path)) << path;
        if (!parameter.grad().defined()) return;
        expect_digest(parameter.grad(), expected["gradients"].at(path), 1e-4, 0.1,
                      "gradient of " + path);
        parameter.mutable_grad().reset();
      });
    }
  }
}

INSTANTIATE_TEST_SUITE_P(PyTorch, GoldenGan, ::testing::ValuesIn(case_names()),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace ganymede::golden
