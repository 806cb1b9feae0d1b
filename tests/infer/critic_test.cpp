// The discriminator as a tool: its scores and features are those of the network itself, in
// evaluation mode, and looking changes nothing.
#include "ganymede/infer/critic.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include "../core/fixture.h"
#include "ganymede/core/error.h"
#include "ganymede/core/random.h"
#include "tests/infer/made_models.h"

namespace ganymede::infer {
namespace {

at::Tensor some_samples(const SampleSpec& spec, int64_t count) {
  std::vector<int64_t> shape = spec.shape;
  shape.insert(shape.begin(), count);
  return Stream(4, "critic test").uniform(shape, -1, 1);
}

class CriticTest : public ::testing::TestWithParam<Kind> {
 protected:
  Critic load() {
    write(make(GetParam()), temp_.path() / "model");
    return Critic::load(temp_.path() / "model");
  }
  TempFolder temp_;
};

TEST_P(CriticTest, ScoresAreTheNetworksOutput) {
  const Critic critic = load();
  const at::Tensor x = some_samples(GetParam().spec, 130);  // more than one batch
  const Made made = make(GetParam());
  const bool wasserstein = gan_of(GetParam()) == "wgan_gp";
  const at::NoGradGuard no_grad;
  const at::Tensor expected =
      made.gan->network(wasserstein ? "critic" : "discriminator").module->forward(x).flatten();
  const at::Tensor scores = critic.score(x);
  EXPECT_EQ(scores.sizes(), (at::IntArrayRef{130}));
  EXPECT_TRUE(at::allclose(scores, expected, 1e-4, 1e-5));
  EXPECT_FALSE(scores.requires_grad());
  EXPECT_EQ(critic.has_probability(), !wasserstein);
  EXPECT_TRUE(at::equal(critic.score(x), scores)) << "looking changed something";
}

// The last layer is affine, so that features determine scores: least squares finds it exactly.
TEST_P(CriticTest, FeaturesAreWhatTheLastLayerSees) {
  const Critic critic = load();
  const at::Tensor probe = critic.features(some_samples(GetParam().spec, 1));
  const int64_t dim = probe.size(1);
  const at::Tensor x = some_samples(GetParam().spec, std::min<int64_t>(dim + 40, 400));
  const at::Tensor features = critic.features(x);
  EXPECT_EQ(features.sizes(), (at::IntArrayRef{x.size(0), dim}));
  EXPECT_FALSE(features.requires_grad());
  if (dim + 1 >= x.size(0)) return;  // any scores would fit
  const at::Tensor design = at::cat({features, at::ones({x.size(0), 1})}, 1).to(at::kDouble);
  const at::Tensor scores = critic.score(x).to(at::kDouble).unsqueeze(1);
  const at::Tensor solved = at::matmul(at::linalg_pinv(design, 1e-9), scores);
  EXPECT_LT((at::matmul(design, solved) - scores).abs().max().item<double>(),
            1e-3 * (1 + scores.abs().max().item<double>()));
}

TEST_P(CriticTest, RefusesOtherShapes) {
  const Critic critic = load();
  EXPECT_THROW(critic.score(at::zeros({2, 5, 7})), UsageError);
  EXPECT_THROW(critic.features(at::zeros({1})), UsageError);
  EXPECT_THROW(critic.score(some_samples(GetParam().spec, 2).narrow(0, 0, 0)), UsageError);
}

INSTANTIATE_TEST_SUITE_P(EveryGan, CriticTest, ::testing::ValuesIn(kinds()),
                         [](const auto& info) { return info.param.name; });

TEST(Critic, LeastSquaresScoresAreNoLogits) {
  TempFolder temp;
  Kind kind = kinds()[2];
  kind.assignments.emplace_back("gan.loss=least_squares");
  write(make(kind), temp.path() / "model");
  EXPECT_FALSE(Critic::load(temp.path() / "model").has_probability());
}

}  // namespace
}  // namespace ganymede::infer
