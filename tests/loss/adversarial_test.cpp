#include "ganymede/loss/adversarial.h"

#include <torch/csrc/autograd/autograd.h>

#include "ganymede/core/error.h"
#include "tests/golden/summary.h"

namespace ganymede::loss {
namespace {

using golden::wave;

class GoldenLoss : public testing::TestWithParam<const char*> {};

Adversarial kind_of(const std::string& name) {
  if (name == "smoothed") return Adversarial::kNonSaturating;
  for (const auto& [known, kind] : enum_names(Adversarial{})) {
    if (name == known) return kind;
  }
  throw std::invalid_argument(name);
}

void expect_pair(const at::Tensor& value, const std::vector<at::Tensor>& inputs,
                 const nlohmann::json& wanted, const char* what) {
  EXPECT_NEAR(value.item<double>(), wanted[0].get<double>(), 1e-7) << what;
  golden::expect_matches(at::cat(torch::autograd::grad({value}, inputs)), wanted[1], what, 1e-7);
}

TEST_P(GoldenLoss, MatchesPyTorch) {
  const std::string name = GetParam();
  const nlohmann::json wanted = golden::load("loss.json")["adversarial"][name];
  const at::Tensor real = wave({8, 1}, 3.0, 0.9, 0.2).requires_grad_();
  const at::Tensor fake = wave({8, 1}, 3.0, 0.7, 1.1).requires_grad_();
  const Labels labels = name == "smoothed" ? Labels{.real = 0.9, .fake = 0.1} : Labels{};
  const Adversarial kind = kind_of(name);
  expect_pair(discriminator(kind, real, fake, labels), {real, fake}, wanted["d"], "D");
  expect_pair(generator(kind, fake), {fake}, wanted["g"], "G");
}

INSTANTIATE_TEST_SUITE_P(All, GoldenLoss,
                         testing::Values("minimax", "non_saturating", "least_squares", "hinge",
                                         "wasserstein", "smoothed"),
                         [](const auto& info) { return info.param; });

TEST(Adversarial, EqualLogitsAtZeroGiveLogFour) {
  const at::Tensor zero = at::zeros({4, 1});
  EXPECT_NEAR(discriminator(Adversarial::kMinimax, zero, zero).item<double>(), std::log(4.0), 1e-6);
}

TEST(Adversarial, LargeLogitsStayFinite) {
  const at::Tensor real = at::tensor({-1e4f, 1e4f}).requires_grad_();
  const at::Tensor fake = at::tensor({1e4f, -1e4f}).requires_grad_();
  for (const Adversarial kind : {Adversarial::kMinimax, Adversarial::kNonSaturating}) {
    const at::Tensor d = discriminator(kind, real, fake, {.real = 0.9});
    const at::Tensor g = generator(kind, fake);
    EXPECT_TRUE(std::isfinite(d.item<double>()));
    EXPECT_TRUE(std::isfinite(g.item<double>()));
    for (const at::Tensor& slope : torch::autograd::grad({d + g}, {real, fake})) {
      EXPECT_TRUE(at::isfinite(slope).all().item<bool>());
    }
  }
}

TEST(Adversarial, AllFlippedIsTheOppositeGame) {
  const at::Tensor real = wave({8, 1}, 3, 0.9, 0.2).to(at::kFloat);
  const at::Tensor fake = wave({8, 1}, 3, 0.7, 1.1).to(at::kFloat);
  Stream random(1, "flips");
  const at::Tensor flipped =
      discriminator(Adversarial::kNonSaturating, real, fake, {.flip_probability = 1.0}, &random);
  EXPECT_NEAR(flipped.item<double>(),
              discriminator(Adversarial::kNonSaturating, fake, real).item<double>(), 1e-5);
}

TEST(Adversarial, FlipsAreKeyedAndHaveTheirRate) {
  // For a logit l, flipping a real's label adds exactly l to its cross-entropy.
  const at::Tensor real = at::full({20000}, 1.0f);
  const at::Tensor fake = at::full({20000}, 0.0f);
  const auto run = [&](double probability, uint64_t step) {
    Stream random(1, "flips", step);
    return discriminator(Adversarial::kMinimax, real, fake, {.flip_probability = probability},
                         &random)
        .item<double>();
  };
  const double share = run(0.1, 0) - run(0.0, 0);
  EXPECT_NEAR(share, 0.1, 5 * 0.3 / std::sqrt(20000.0));
  EXPECT_EQ(run(0.1, 3), run(0.1, 3));
  EXPECT_NE(run(0.1, 3), run(0.1, 4));
}

TEST(Adversarial, RefusesLabelsItCannotUse) {
  const at::Tensor l = at::zeros({2});
  Stream random(1, "flips");
  EXPECT_THROW(discriminator(Adversarial::kHinge, l, l, {.real = 0.9}), UsageError);
  EXPECT_THROW(discriminator(Adversarial::kMinimax, l, l, {.real = 1.2}), UsageError);
  EXPECT_THROW(discriminator(Adversarial::kMinimax, l, l, {.fake = -0.1}), UsageError);
  EXPECT_THROW(discriminator(Adversarial::kMinimax, l, l, {.flip_probability = 2}, &random),
               UsageError);
  EXPECT_THROW(discriminator(Adversarial::kMinimax, l, l, {.flip_probability = 0.1}), Error);
}

TEST(Accuracy, CountsBothSides) {
  const at::Tensor real = at::tensor({1.0f, 2.0f, -1.0f, 0.0f});
  const at::Tensor fake = at::tensor({-1.0f, 0.5f});
  EXPECT_NEAR(accuracy(real, fake).item<double>(), 3.0 / 6, 1e-6);
  EXPECT_NEAR(accuracy(real, fake, 1.5).item<double>(), 3.0 / 6, 1e-6);
  EXPECT_NEAR(accuracy(real, fake, -0.5).item<double>(), 4.0 / 6, 1e-6);
  EXPECT_FALSE(accuracy(at::zeros({1}).requires_grad_(), fake).requires_grad());
}

TEST(Accuracy, AnUndecidedDiscriminatorIsRightHalfTheTime) {
  EXPECT_EQ(accuracy(at::zeros({8}), at::zeros({8})).item<double>(), 0.5);
}

}  // namespace
}  // namespace ganymede::loss
