#include "ganymede/loss/penalty.h"

#include <torch/csrc/autograd/autograd.h>

#include "ganymede/core/error.h"
#include "ganymede/nn/networks.h"
#include "tests/golden/summary.h"

namespace ganymede::loss {
namespace {

using golden::wave;

class PenaltyOfAnMlp : public testing::Test {
 protected:
  PenaltyOfAnMlp() : real_(wave({4, 3}, 1.0, 0.4, 0.1)), fake_(wave({4, 3}, 1.5, 0.6, 2.0)) {
    net_->to(at::kDouble);
    golden::fill(*net_, 0.9);
  }

  Critic critic() {
    return [this](const at::Tensor& x) { return net_->forward(x); };
  }

  std::vector<at::Tensor> parameters() {
    std::vector<at::Tensor> all;
    net_->each_parameter([&](const std::string&, at::Tensor& p) { all.push_back(p); });
    return all;
  }

  // d value / d parameters, flat; zero where the value does not depend on one.
  at::Tensor gradient(const at::Tensor& value) {
    const auto all = parameters();
    const auto found = torch::autograd::grad({value}, all, {}, false, false, true);
    std::vector<at::Tensor> flat;
    for (size_t i = 0; i < all.size(); ++i) {
      flat.push_back((found[i].defined() ? found[i] : at::zeros_like(all[i])).reshape(-1));
    }
    return at::cat(flat);
  }

  void expect_golden(const at::Tensor& value, const char* name) {
    const nlohmann::json wanted = golden::load("loss.json")["penalty"][name];
    EXPECT_NEAR(value.item<double>(), wanted[0].get<double>(), 1e-10);
    golden::expect_matches(gradient(value), wanted[1], name, 1e-9);
  }

  // Central differences of value() over every parameter, in float64.
  void expect_finite_differences(const std::function<at::Tensor()>& value) {
    const at::Tensor analytic = gradient(value());
    const double step = 1e-6;
    int64_t i = 0;
    for (at::Tensor& p : parameters()) {
      at::Tensor flat = p.detach().view(-1);
      for (int64_t j = 0; j < flat.numel(); ++j, ++i) {
        const double kept = flat[j].item<double>();
        flat[j].fill_(kept + step);
        const double above = value().item<double>();
        flat[j].fill_(kept - step);
        const double below = value().item<double>();
        flat[j].fill_(kept);
        EXPECT_NEAR(analytic[i].item<double>(), (above - below) / (2 * step), 1e-7) << i;
      }
    }
  }

  nn::ModulePtr net_ = nn::mlp(3, {6, 4}, 1, {.hidden = nn::Activation::kTanh});
  at::Tensor real_, fake_;
};

// tests/golden/nn_loss.py holds these numbers as PENALTY_SHARES.
TEST_F(PenaltyOfAnMlp, GoldenSharesAreWhatTheStreamDraws) {
  const at::Tensor shares = Stream(7, "golden").uniform({4, 1}).flatten();
  const auto wanted = golden::load("loss.json")["penalty"]["shares"].get<std::vector<double>>();
  for (int64_t i = 0; i < 4; ++i) EXPECT_EQ(shares[i].item<double>(), wanted[i]) << i;
}

TEST_F(PenaltyOfAnMlp, TwoSidedMatchesPyTorch) {
  Stream random(7, "golden");
  expect_golden(gradient_penalty(critic(), real_, fake_, random), "two_sided");
}

TEST_F(PenaltyOfAnMlp, OneSidedMatchesPyTorch) {
  Stream random(7, "golden");
  expect_golden(
      gradient_penalty(critic(), real_, fake_, random, {.target = 0.1, .one_sided = true}),
      "one_sided");
}

TEST_F(PenaltyOfAnMlp, ZeroCenteredMatchesPyTorch) {
  expect_golden(zero_centered_penalty(critic(), real_), "r1");
}

TEST_F(PenaltyOfAnMlp, GradientMatchesFiniteDifferences) {
  expect_finite_differences([&] {
    Stream random(7, "golden");
    return gradient_penalty(critic(), real_, fake_, random);
  });
}

TEST_F(PenaltyOfAnMlp, ZeroCenteredGradientMatchesFiniteDifferences) {
  expect_finite_differences([&] { return zero_centered_penalty(critic(), real_); });
}

TEST_F(PenaltyOfAnMlp, OfEveryKindOfPointMatchesFiniteDifferences) {
  for (const Points points : {Points::kAroundReals, Points::kReals}) {
    expect_finite_differences([&] {
      Stream random(7, "golden");
      return gradient_penalty(critic(), real_, {}, random, {.target = 0.2, .points = points});
    });
  }
}

TEST_F(PenaltyOfAnMlp, EveryNameIsEvaluated) {
  Penalties options;
  const auto names = [&] {
    Stream random(7, "golden");
    std::vector<std::string> found;
    for (const PenaltyTerm& term : penalties(options, critic(), real_, fake_, random)) {
      found.push_back(term.name + std::string("/") + std::to_string(term.weight).substr(0, 4));
    }
    return found;
  };
  using Names = std::vector<std::string>;
  EXPECT_EQ(names(), Names{});
  options.penalty = Penalty::kR1R2;
  options.penalty_interval = 4;
  EXPECT_EQ(names(), (Names{"r1/40.0", "r2/40.0"}));
  options.penalty = Penalty::kR2;
  options.penalty_interval = 1;
  EXPECT_EQ(names(), Names{"r2/10.0"});
  options.penalty = Penalty::kGradient;
  EXPECT_EQ(names(), Names{"gradient_penalty/10.0"});
}

TEST_F(PenaltyOfAnMlp, R2IsR1OfTheFakes) {
  Stream random(7, "golden");
  Penalties options;
  options.penalty = Penalty::kR2;
  const auto terms = penalties(options, critic(), real_, fake_, random);
  EXPECT_EQ(terms.at(0).value.item<double>(),
            zero_centered_penalty(critic(), fake_).item<double>());
}

// Rows (1, 2) and (3, 4): their product 11 stands twice in W W^T.
TEST(OrthogonalPenalty, IsTheSquaredProductOfDifferentRows) {
  const auto net = nn::sequence(nn::linear(2, 2), nn::batch_norm(2));
  at::Tensor(net->state().at("0.weight")).copy_(at::tensor({1.0f, 2.0f, 3.0f, 4.0f}).view({2, 2}));
  EXPECT_EQ(orthogonal_penalty(*net).item<double>(), 242);
  at::Tensor(net->state().at("0.weight")).copy_(at::eye(2) * 7);
  EXPECT_EQ(orthogonal_penalty(*net).item<double>(), 0);
}

TEST(PenaltyClosedForm, DragansPointsLieWithinHalfADeviationAboveTheReals) {
  at::Tensor seen;
  const Critic critic = [&](const at::Tensor& x) {
    seen = x.detach().clone();
    return (x * x).sum(1);
  };
  const at::Tensor real = wave({200, 3}, 2, 0.9, 0).to(at::kFloat);
  Stream random(1, "test");
  gradient_penalty(critic, real, {}, random, {.points = Points::kAroundReals});
  const at::Tensor share = (seen - real) / (0.5 * real.std());
  EXPECT_GE(share.min().item<double>(), -1e-6);
  EXPECT_LE(share.max().item<double>(), 1 + 1e-6);
  EXPECT_NEAR(share.mean().item<double>(), 0.25, 0.05);  // of two independent shares
}

// For D(x) = w x the slope is w everywhere: the penalty is (|w| - 1)^2 and R1 is |w|^2 / 2.
TEST(PenaltyClosedForm, LinearCritic) {
  const auto net = nn::linear(2, 1, {.bias = false});
  at::Tensor(net->state().at("weight")).copy_(at::tensor({3.0f, 4.0f}).view({1, 2}));
  const Critic critic = [&](const at::Tensor& x) { return net->forward(x); };
  const at::Tensor real = wave({5, 2}, 1, 0.3, 0).to(at::kFloat);
  const at::Tensor fake = wave({5, 2}, 1, 0.8, 0).to(at::kFloat);
  Stream random(1, "test");
  EXPECT_NEAR(gradient_penalty(critic, real, fake, random).item<double>(), 16, 1e-4);
  EXPECT_NEAR(zero_centered_penalty(critic, real).item<double>(), 12.5, 1e-4);
}

TEST(PenaltyClosedForm, ConstantCriticHasFiniteGradients) {
  const auto net = nn::linear(2, 1, {.bias = false});
  at::Tensor(net->state().at("weight")).zero_();
  const Critic critic = [&](const at::Tensor& x) { return net->forward(x); };
  const at::Tensor x = at::ones({3, 2});
  Stream random(1, "test");
  const at::Tensor value = gradient_penalty(critic, x, x, random);
  EXPECT_EQ(value.item<double>(), 1);
  value.backward();
  net->each_parameter([](const std::string&, at::Tensor& p) {
    EXPECT_TRUE(at::isfinite(p.grad()).all().item<bool>());
  });
}

// What a critic with convolutions and layer norm is trained with, end to end in float32.
TEST(PenaltyClosedForm, ReachesEveryParameterOfAConvolutionalCritic) {
  const auto net = nn::residual_down({1, 16, 16}, 4, {.norm = nn::Norm::kLayer});
  net->initialize(1, "test");
  const Critic critic = [&](const at::Tensor& x) { return net->forward(x); };
  Stream random(1, "test");
  const at::Tensor real = random.normal({3, 1, 16, 16});
  gradient_penalty(critic, real, random.normal({3, 1, 16, 16}), random).backward();
  net->each_parameter([](const std::string& path, at::Tensor& p) {
    const bool last_bias = path.ends_with("bias") && p.numel() == 1;  // shifts D, not its slope
    if (last_bias) return;
    ASSERT_TRUE(p.grad().defined()) << path;
    EXPECT_TRUE(at::isfinite(p.grad()).all().item<bool>()) << path;
  });
}

TEST(PenaltyClosedForm, DrawsOneShareForEachSample) {
  at::Tensor seen;
  const Critic critic = [&](const at::Tensor& x) {
    seen = x.detach().clone();
    return (x * x).sum({1, 2, 3});
  };
  Stream random(1, "test");
  gradient_penalty(critic, at::zeros({6, 1, 2, 2}), at::ones({6, 1, 2, 2}), random);
  const at::Tensor rows = seen.flatten(1);
  EXPECT_TRUE(at::equal(std::get<0>(rows.max(1)), std::get<0>(rows.min(1))));
  EXPECT_EQ(std::get<0>(at::_unique(rows.select(1, 0))).numel(), 6);
}

TEST(PenaltyClosedForm, RefusesUnequalShapes) {
  const Critic critic = [](const at::Tensor& x) { return x; };
  Stream random(1, "test");
  EXPECT_THROW(gradient_penalty(critic, at::ones({3, 2}), at::ones({4, 2}), random), UsageError);
}

}  // namespace
}  // namespace ganymede::loss
