// SeqGAN against an independent PyTorch script (tests/golden/language.py): texts, likelihoods,
// scores, losses with their Monte Carlo search, gradients.
#include "../golden/language_golden.h"

#include "ganymede/gans/sampling.h"
#include "ganymede/nn/token_networks.h"

namespace ganymede::golden {
namespace {

class LanguageGolden : public ::testing::TestWithParam<std::string> {
 protected:
  const json& golden_ = language_case(GetParam());
  std::unique_ptr<gans::Gan> gan_ = make_language_gan(golden_);
};

TEST_P(LanguageGolden, ParametersHavePyTorchsNamesAndShapes) {
  for (const auto& network : gan_->networks()) {
    EXPECT_EQ(parameters_of(*network->module), golden_["parameters"][network->name])
        << network->name;
  }
}

TEST_P(LanguageGolden, WritesTheSameTexts) {
  const int64_t rows = golden_["batch"], length = golden_["spec"]["length"];
  const at::Tensor z =
      by_formula({rows, length}, [](double i) { return std::fmod(0.37 * i, 1.0); });
  const at::Tensor texts = gans::sample(*gan_, {.seeds = {}, .z = z});
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t t = 0; t < length; ++t) {
      const auto row = static_cast<size_t>(r), place = static_cast<size_t>(t);
      EXPECT_EQ(texts[r][t].item<float>(), golden_["written"][row][place].get<float>());
    }
  }
}

TEST_P(LanguageGolden, JudgesTextsTheSame) {
  const at::NoGradGuard no_grad;
  const Batch reals = text_batch(golden_, 0);
  auto& writer = dynamic_cast<nn::TokenWriter&>(*gan_->network("generator").module);
  expect_digest(writer.log_probabilities(reals.samples), golden_["log_probabilities"], 1e-5, 1e-3,
                "log p");
  const at::Tensor scores = gan_->score(reals.samples, {});
  const std::vector<double> expected = golden_["scores"];
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_NEAR(scores[static_cast<int64_t>(i)].item<double>(), expected[i], 2e-5);
  }
}

TEST_P(LanguageGolden, LossesAndGradientsOfAllPhasesAreTheSame) {
  gans::Step step(*gan_, golden_["seed"], 0, at::kCPU);
  const auto phases = gan_->phases();
  ASSERT_EQ(phases.size(), golden_["first"].size());
  for (size_t i = 0; i < phases.size(); ++i) {
    const json& expected = golden_["first"][i];
    ASSERT_EQ(phases[i].name, expected["phase"].get<std::string>());
    step.begin_phase(phases[i], 0);
    checked_loss(*gan_, phases[i], text_batch(golden_, 0), step, expected["terms"], 1e-5)
        .backward();
    for (const auto& network : phases[i].networks) {
      network->module->each_parameter([&](const std::string& path, at::Tensor& parameter) {
        ASSERT_TRUE(parameter.grad().defined()) << path;
        expect_digest(parameter.grad(), expected["gradients"].at(path), 1e-4, 1e-2,
                      phases[i].name + ": gradient of " + path);
        parameter.mutable_grad().reset();
      });
    }
  }
}

INSTANTIATE_TEST_SUITE_P(PyTorch, LanguageGolden, ::testing::ValuesIn(language_names()),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace ganymede::golden
