// Relative losses, labels of least squares and random margins. The whole games are compared with
// PyTorch in tests/gans (tests/golden/critics.py).
#include <torch/csrc/autograd/autograd.h>

#include "ganymede/core/error.h"
#include "ganymede/loss/adversarial.h"
#include "tests/golden/summary.h"

namespace ganymede::loss {
namespace {

using golden::wave;

Objective objective(Adversarial loss, Relative relative) {
  Objective made(loss);
  made.relative = relative;
  return made;
}

class RelativeLoss : public testing::TestWithParam<std::pair<Adversarial, Relative>> {
 protected:
  Objective objective_ = objective(GetParam().first, GetParam().second);
  at::Tensor real_ = wave({6, 1}, 2.0, 0.9, 0.2);
  at::Tensor fake_ = wave({6, 1}, 2.0, 0.7, 1.1);
};

TEST_P(RelativeLoss, OnlyDifferencesCount) {
  const at::Tensor d = discriminator(objective_, real_, fake_);
  const at::Tensor g = generator(objective_, fake_, real_);
  EXPECT_NEAR(discriminator(objective_, real_ + 3, fake_ + 3).item<double>(), d.item<double>(),
              1e-9);
  EXPECT_NEAR(generator(objective_, fake_ + 3, real_ + 3).item<double>(), g.item<double>(), 1e-9);
}

TEST_P(RelativeLoss, GradientsMatchFiniteDifferences) {
  real_.requires_grad_();
  fake_.requires_grad_();
  for (const bool of_d : {true, false}) {
    const auto value = [&] {
      return of_d ? discriminator(objective_, real_, fake_) : generator(objective_, fake_, real_);
    };
    const auto gradients = torch::autograd::grad({value()}, {real_, fake_});
    for (const size_t side : {0, 1}) {
      at::Tensor flat = (side == 0 ? real_ : fake_).detach().view(-1);
      for (int64_t i = 0; i < flat.numel(); ++i) {
        const double kept = flat[i].item<double>();
        flat[i].fill_(kept + 1e-6);
        const double above = value().item<double>();
        flat[i].fill_(kept - 1e-6);
        const double below = value().item<double>();
        flat[i].fill_(kept);
        EXPECT_NEAR(gradients[side].view(-1)[i].item<double>(), (above - below) / 2e-6, 1e-7);
      }
    }
  }
}

TEST_P(RelativeLoss, GWantsWhatDWantsWithTheSidesExchanged) {
  const bool saturates = objective_.loss == Adversarial::kMinimax;
  const at::Tensor expected = saturates ? -discriminator(objective_, real_, fake_)
                                        : discriminator(objective_, fake_, real_);
  EXPECT_EQ(generator(objective_, fake_, real_).item<double>(), expected.item<double>());
}

INSTANTIATE_TEST_SUITE_P(All, RelativeLoss,
                         testing::Values(std::pair{Adversarial::kMinimax, Relative::kPaired},
                                         std::pair{Adversarial::kNonSaturating, Relative::kPaired},
                                         std::pair{Adversarial::kNonSaturating, Relative::kAverage},
                                         std::pair{Adversarial::kLeastSquares, Relative::kPaired},
                                         std::pair{Adversarial::kLeastSquares, Relative::kAverage},
                                         std::pair{Adversarial::kHinge, Relative::kAverage},
                                         std::pair{Adversarial::kWasserstein, Relative::kPaired}));

TEST(RelativeLoss, PairedIsTheLogisticLossOfTheDifference) {
  const at::Tensor real = at::tensor({2.0, -1.0}, at::kDouble);
  const at::Tensor fake = at::tensor({0.5, 1.0}, at::kDouble);
  const double expected = (std::log1p(std::exp(-1.5)) + std::log1p(std::exp(2.0))) / 2;
  EXPECT_NEAR(discriminator(objective(Adversarial::kNonSaturating, Relative::kPaired), real, fake)
                  .item<double>(),
              expected, 1e-12);
}

TEST(RelativeLoss, AverageLeastSquaresAimsAtOneAndMinusOne) {
  const Objective ralsgan = objective(Adversarial::kLeastSquares, Relative::kAverage);
  const at::Tensor real = at::tensor({1.5, 2.5}, at::kDouble);
  const at::Tensor fake = at::tensor({1.0, 1.0}, at::kDouble);
  // reals lie 0.5 and 1.5 above the fakes' mean, fakes 1 below the reals' mean
  EXPECT_NEAR(discriminator(ralsgan, real, fake).item<double>(), 0.125, 1e-12);
  EXPECT_EQ(accuracy(ralsgan, real, fake).item<double>(), 1.0);
}

TEST(RelativeLoss, NeedsTheRealsAndPairs) {
  const Objective paired = objective(Adversarial::kHinge, Relative::kPaired);
  EXPECT_TRUE(needs_reals(paired));
  EXPECT_FALSE(needs_reals(Adversarial::kHinge));
  EXPECT_THROW(generator(paired, at::zeros({2})), Error);
  EXPECT_THROW(discriminator(paired, at::zeros({2}), at::zeros({3})), Error);
}

TEST(LeastSquares, HasThreeLabels) {
  Objective pearson(Adversarial::kLeastSquares);
  pearson.fake = -1;
  pearson.generator = 0;
  const at::Tensor l = at::tensor({0.5}, at::kDouble);
  EXPECT_NEAR(discriminator(pearson, l, l).item<double>(), 0.125 + 1.125, 1e-12);
  EXPECT_NEAR(generator(pearson, l).item<double>(), 0.125, 1e-12);
  EXPECT_EQ(accuracy(pearson, l, -l).item<double>(), 1.0);  // the middle of -1 and 1
}

TEST(Hinge, RandomMarginsLieBetweenTheirBounds) {
  Objective objective(Adversarial::kHinge);
  objective.hinge_margin_low = 0.8;
  const at::Tensor zero = at::zeros({20000});
  Stream random(1, "margins");
  // At zero a logit pays its margin: twice the mean of U(0.8, 1).
  EXPECT_NEAR(discriminator(objective, zero, zero, &random).item<double>(), 1.8, 5e-3);
  EXPECT_EQ(discriminator(objective, zero + 1, zero - 1, &random).item<double>(), 0);
  EXPECT_THROW(discriminator(objective, zero, zero), Error);
}

TEST(Objective, RefusesWhatDoesNotGoTogether) {
  Objective o(Adversarial::kNonSaturating);
  o.hinge_margin_low = 0.5;
  EXPECT_THROW(check(o), UsageError);
  o = objective(Adversarial::kLeastSquares, Relative::kAverage);
  o.fake = -1;
  EXPECT_THROW(check(o), UsageError);
  o = Objective(Adversarial::kLeastSquares);
  o.flip_probability = 0.1;
  EXPECT_THROW(check(o), UsageError);
  o = Objective(Adversarial::kWasserstein);
  o.real = 0.9;
  EXPECT_THROW(check(o), UsageError);
}

TEST(Accuracy, WassersteinHasNoZero) {
  EXPECT_FALSE(accuracy(Adversarial::kWasserstein, at::zeros({2}), at::zeros({2})).defined());
}

}  // namespace
}  // namespace ganymede::loss
