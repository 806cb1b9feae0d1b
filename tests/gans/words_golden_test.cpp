// gan_int_cls against an independent PyTorch script (tests/golden/words.py): encoders, samples,
// losses and gradients.
#include "../golden/words_golden.h"

#include "ganymede/core/error.h"
#include "ganymede/gans/sampling.h"
#include "ganymede/gans/words.h"

namespace ganymede::golden {
namespace {

class WordsGolden : public ::testing::TestWithParam<std::string> {
 protected:
  const json& golden_ = words_case(GetParam());
  std::unique_ptr<gans::Gan> gan_ = make_words_gan(golden_);
};

TEST_P(WordsGolden, ParametersHavePyTorchsNamesAndShapes) {
  for (const auto& network : gan_->networks()) {
    EXPECT_EQ(parameters_of(*network->module), golden_["parameters"][network->name])
        << network->name;
  }
}

TEST_P(WordsGolden, EncodesAndPaintsTheSame) {
  const Batch reals = captioned_batch(golden_, 0);
  expect_digest(gans::embed_given(*gan_, reals.given, at::kCPU), golden_["captions"], 1e-5, 1e-3,
                "captions");
  expect_digest(gans::embed_samples(*gan_, reals.samples, at::kCPU), golden_["pictures"], 1e-5,
                1e-3, "pictures");
  const gans::Request request{.seeds = {},
                              .z = by_formula({reals.size(), gan_->latent().dim},
                                              [](double i) { return std::sin(1.3 * i); }),
                              .given = reals.given};
  expect_digest(gans::sample(*gan_, request), golden_["generated"], 1e-5, 1e-3, "G(z, t)");
  const at::NoGradGuard no_grad;
  expect_digest(gan_->features(reals.samples), golden_["maps"], 1e-5, 1e-3, "maps of D");
}

TEST_P(WordsGolden, LossesAndGradientsOfAllPlayersAreTheSame) {
  gans::Step step(*gan_, golden_["seed"], 0, at::kCPU);
  const auto phases = gan_->phases();
  ASSERT_EQ(phases.size(), golden_["first"].size());
  for (size_t i = 0; i < phases.size(); ++i) {
    const json& expected = golden_["first"][i];
    ASSERT_EQ(phases[i].name, expected["phase"].get<std::string>());
    step.begin_phase(phases[i], 0);
    checked_loss(*gan_, phases[i], captioned_batch(golden_, 0), step, expected["terms"], 1e-5)
        .backward();
    for (const auto& network : phases[i].networks) {
      network->module->each_parameter([&](const std::string& path, at::Tensor& parameter) {
        const std::string name = network->name + "/" + path;
        ASSERT_TRUE(parameter.grad().defined()) << name;
        expect_digest(parameter.grad(), expected["gradients"].at(name), 1e-4, 0.05,
                      "gradient of " + name);
      });
    }
  }
}

INSTANTIATE_TEST_SUITE_P(PyTorch, WordsGolden, ::testing::ValuesIn(words_names()),
                         [](const auto& info) { return info.param; });

TEST(Words, TheWayBetweenTwoCaptionsBeginsAndEndsAtThem) {
  const json& golden = words_case("paper");
  const auto gan = make_words_gan(golden);
  const at::Tensor captions = golden_captions(golden, 0);
  const at::Tensor a = captions.narrow(0, 0, 1), b = captions.narrow(0, 2, 1);
  gans::Request request{.seeds = {3, 4}};
  const at::Tensor way = gans::between_captions(*gan, request, a, b, 3);
  ASSERT_EQ(way.size(0), 8);
  request.given = at::cat({a, a});
  const at::Tensor first = gans::sample(*gan, request);
  request.given = at::cat({b, b});
  const at::Tensor last = gans::sample(*gan, request);
  for (int64_t row = 0; row < 2; ++row) {
    EXPECT_TRUE(at::allclose(way[4 * row], first[row], 1e-4, 1e-5));
    EXPECT_TRUE(at::allclose(way[4 * row + 3], last[row], 1e-4, 1e-5));
    EXPECT_FALSE(at::allclose(way[4 * row + 1], first[row], 1e-4, 1e-5));
  }
  EXPECT_THROW(gans::between_captions(*gan, request, a, b, 0), UsageError);
}

TEST(Words, AGanWithoutCaptionsHasNoPoints) {
  const auto gan = gans::registry().find("dcgan").builder()->build({"image", {1, 28, 28}});
  EXPECT_EQ(gans::words_of(*gan), nullptr);
  EXPECT_THROW(gans::embed_given(*gan, at::zeros({1, 6}), at::kCPU), UsageError);
}

TEST(Words, PicturesWithoutCaptionsAreRefused) {
  const auto builder = gans::registry().find("gan_int_cls").builder();
  EXPECT_THROW(builder->build({"image", {3, 32, 32}}), UsageError);
}

// Where every caption of a batch is the same there is no wrong one.
TEST(Words, ABatchOfOneCaptionHasFiniteLosses) {
  const json& golden = words_case("paper");
  const auto gan = make_words_gan(golden);
  Batch batch = captioned_batch(golden, 0);
  batch.given = batch.given.narrow(0, 0, 1).repeat({batch.size(), 1});
  gans::Step step(*gan, 1, 0, at::kCPU);
  for (const gans::Phase& phase : gan->phases()) {
    step.begin_phase(phase, 0);
    const nn::ForwardScope scope(nn::Mode::kTrain, &step.random());
    for (const gans::Term& term : gan->loss(phase, batch, step)) {
      EXPECT_TRUE(at::isfinite(term.value).item<bool>()) << term.name;
      const bool wrong = term.name == "wrong";
      EXPECT_TRUE(!wrong || term.value.item<float>() == 0);
    }
  }
}

}  // namespace
}  // namespace ganymede::golden
