// Gans that know labels against an independent PyTorch script (tests/golden/cond.py): samples,
// scores, class logits, losses and gradients.
#include "../golden/cond_golden.h"

#include "ganymede/gans/sampling.h"

namespace ganymede::golden {
namespace {

class CondGolden : public ::testing::TestWithParam<std::string> {
 protected:
  const json& golden_ = cond_case(GetParam());
  std::unique_ptr<gans::Gan> gan_ = make_gan(golden_);
};

TEST_P(CondGolden, ParametersHavePyTorchsNamesAndShapes) {
  for (const auto& network : gan_->networks()) {
    EXPECT_EQ(parameters_of(*network->module), golden_["parameters"][network->name])
        << network->name;
  }
}

TEST_P(CondGolden, GeneratesJudgesAndClassifiesTheSame) {
  const Batch reals = labelled_batch(golden_, 0);
  const at::Tensor z =
      by_formula({reals.size(), gan_->latent().dim}, [](double i) { return std::sin(1.3 * i); });
  gans::Request request{.seeds = {}, .z = z};
  if (gan_->conditional()) request.labels = reals.labels;
  expect_digest(gans::sample(*gan_, request), golden_["generated"], 1e-5, 1e-3, "G(z, y)");
  const at::NoGradGuard no_grad;
  const at::Tensor scores = gan_->score(reals.samples, reals.labels);
  const std::vector<double> expected = golden_["scores"];
  ASSERT_EQ(static_cast<size_t>(scores.numel()), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_NEAR(scores[static_cast<int64_t>(i)].item<double>(), expected[i], 2e-5);
  }
  EXPECT_EQ(golden_.contains("class_logits"), gan_->classifier() != gans::Classifier::kNone);
  if (golden_.contains("class_logits")) {
    expect_digest(gan_->classify(reals.samples), golden_["class_logits"], 1e-5, 1e-3, "classes");
  }
}

TEST_P(CondGolden, LossesAndGradientsOfBothPlayersAreTheSame) {
  gans::Step step(*gan_, golden_["seed"], 0, at::kCPU);
  const auto phases = gan_->phases();
  ASSERT_EQ(phases.size(), golden_["first"].size());
  for (size_t i = 0; i < phases.size(); ++i) {
    const json& expected = golden_["first"][i];
    ASSERT_EQ(phases[i].name, expected["phase"].get<std::string>());
    step.begin_phase(phases[i], 0);
    checked_loss(*gan_, phases[i], labelled_batch(golden_, 0), step, expected["terms"], 1e-5)
        .backward();
    for (const auto& network : phases[i].networks) {
      network->module->each_parameter([&](const std::string& path, at::Tensor& parameter) {
        ASSERT_TRUE(parameter.grad().defined()) << path;
        expect_digest(parameter.grad(), expected["gradients"].at(path), 1e-4, 0.05,
                      "gradient of " + path);
      });
    }
  }
}

INSTANTIATE_TEST_SUITE_P(PyTorch, CondGolden, ::testing::ValuesIn(cond_names()),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace ganymede::golden
