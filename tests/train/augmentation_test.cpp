// Augmentation inside the game: for every gan that plays images, without a word in its file.
#include "ganymede/train/augmentation.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <nlohmann/json.hpp>

#include "ganymede/core/error.h"
#include "ganymede/loss/penalty.h"
#include "toys.h"

namespace ganymede::train {
namespace {

using Assignments = std::vector<std::string>;

std::unique_ptr<Session> open(const std::string& gan, const Assignments& more) {
  const auto defaults = gans::registry().find(gan).builder()->defaults();
  config::Recipe recipe = recipe_of({"gan.name=" + gan, "data.path=digits", "data.limit=22",
                                     "train.batch=4", "train.ema_kimg=0.01"});
  if (defaults.find("base_channels") != nullptr) recipe.set("gan.base_channels=4");
  for (const char* key : {"generator_units", "discriminator_units", "mlp_units"}) {
    if (defaults.find(key) != nullptr) recipe.set(std::string("gan.") + key + "=[24,24]");
  }
  for (const std::string& assignment : more) recipe.set(assignment);
  auto session = std::make_unique<Session>(recipe);
  session->open();
  return session;
}

void take(Session& session, int steps) {
  for (int i = 0; i < steps; ++i) ASSERT_TRUE(session.trainer().step());
}

State trained(const std::string& gan, int steps, const Assignments& more) {
  const auto session = open(gan, more);
  take(*session, steps);
  return copy_of(session->trainer());
}

std::vector<std::string> image_gans() {
  std::vector<std::string> found;
  for (const auto& entry : gans::registry().entries()) {
    const auto& domains = entry.info.domains;
    if (std::find(domains.begin(), domains.end(), "image") != domains.end()) {
      found.push_back(entry.info.name);
    }
  }
  return found;
}

const Assignments kAda = {"augment.kind=ada", "augment.kimg=0.05", "augment.interval=2",
                          "augment.p=0.3"};

class EveryImageGan : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    at::set_num_threads(1);
    try {
      take(*open(GetParam(), {"augment.kind=diffaugment"}), 1);
    } catch (const UsageError& error) {
      GTEST_SKIP() << error.what();
    }
  }
  void TearDown() override { at::set_num_threads(threads_); }

 private:
  int threads_ = at::get_num_threads();
};

TEST_P(EveryImageGan, SeesAugmentedImagesAndOtherwiseTheSameGame) {
  const State plain = trained(GetParam(), 2, {});
  const State never = trained(GetParam(), 2, {"augment.kind=ada", "augment.kimg=0"});
  EXPECT_EQ(differences(plain, never), std::vector<std::string>{}) << "p = 0 is no augmentation";
  for (const Assignments& more : {Assignments{"augment.kind=diffaugment"}, kAda}) {
    EXPECT_NE(differences(plain, trained(GetParam(), 2, more)), std::vector<std::string>{});
  }
}

TEST_P(EveryImageGan, ResumesBitForBitWithItsStrength) {
  if (!open(GetParam(), {})
           ->gan()
           .score(at::zeros({1, 1, 28, 28}), at::zeros({1}, at::kLong))
           .defined()) {
    GTEST_SKIP() << "no score to follow";
  }
  const auto straight = open(GetParam(), kAda);
  take(*straight, 3);
  const State saved = copy_of(straight->trainer());
  const nlohmann::json scalars = straight->trainer().scalars();
  EXPECT_NE(scalars.at("augment").at("strength"), 0.3);
  const auto resumed = open(GetParam(), kAda);
  resumed->trainer().load(saved, scalars, "test");
  take(*straight, 4);
  take(*resumed, 4);
  EXPECT_EQ(differences(copy_of(straight->trainer()), resumed->trainer().tensors()),
            std::vector<std::string>{});
  EXPECT_EQ(straight->trainer().scalars(), resumed->trainer().scalars());
}

INSTANTIATE_TEST_SUITE_P(Registry, EveryImageGan, ::testing::ValuesIn(image_gans()),
                         [](const auto& info) { return info.param; });

TEST(Augmentation, GradientsReachWhatWasAugmentedAndPenaltiesGoThrough) {
  for (const char* kind : {"diffaugment", "ada"}) {
    const auto session =
        open("dcgan", {std::string("augment.kind=") + kind, "augment.p=1", "augment.kimg=0"});
    gans::Gan& gan = session->gan();
    take(*session, 1);
    gans::NetworkRef discriminator(&gan.network("discriminator"));
    at::Tensor x = at::rand({4, 1, 28, 28}) * 2 - 1;
    Stream random(1, "test");
    const nn::ForwardScope scope(nn::Mode::kTrain, &random);
    discriminator->module->set_frozen(false);
    const at::Tensor penalty = loss::zero_centered_penalty(discriminator, x);
    EXPECT_GT(penalty.item<double>(), 0);
    penalty.backward();
    x.set_requires_grad(true);
    discriminator(x).sum().backward();
    EXPECT_GT(x.grad().abs().sum().item<double>(), 0);
  }
}

TEST(Augmentation, EvaluationSeesThePicturesThemselves) {
  const auto session = open("dcgan", {"augment.kind=diffaugment"});
  take(*session, 1);
  gans::Gan& gan = session->gan();
  const at::Tensor x = at::rand({4, 1, 28, 28}) * 2 - 1;
  const gans::NetworkRef discriminator(&gan.network("discriminator"));
  EXPECT_TRUE(discriminator.seen(x).is_same(x));
  EXPECT_TRUE(at::equal(gan.score(x, {}), discriminator->module->forward(x).flatten()));
  EXPECT_TRUE(at::equal(gan.features(x), discriminator->module->features(x)));
  Stream random(1, "test");
  const nn::ForwardScope scope(nn::Mode::kTrain, &random);
  EXPECT_FALSE(at::equal(discriminator.seen(x), x));
  const gans::NetworkRef generator(&gan.network("generator"));
  EXPECT_TRUE(generator.seen(x).is_same(x));
}

TEST(Augmentation, BothPicturesOfAPairAreTreatedAlike) {
  for (const AugmentKind kind : {AugmentKind::kDiffAugment, AugmentKind::kAda}) {
    const auto gan = gans::registry().find("pix2pix").builder()->build(
        {.domain = "image", .shape = {3, 32, 32}, .given = {{"image", {3, 32, 32}}}});
    Augmentation augmentation({.kind = kind, .p = 1}, *gan);
    augmentation.begin(1, "test", 0);
    const at::Tensor picture = Stream(2, "pair").uniform({4, 3, 32, 32}, -1, 1);
    const at::Tensor seen = gan->network("discriminator").augment(at::cat({picture, picture}, 1));
    EXPECT_TRUE(at::equal(seen.narrow(1, 0, 3), seen.narrow(1, 3, 3)));
    EXPECT_FALSE(at::equal(seen.narrow(1, 0, 3), picture));
    EXPECT_NO_THROW(augmentation.check_applied());
  }
}

// The digits have ten classes.
TEST(Augmentation, LabelsBesideThePictureStay) {
  const auto session = open("dcgan", {});
  ASSERT_EQ(session->gan().spec().classes, 10);
  Augmentation augmentation({.kind = AugmentKind::kDiffAugment}, session->gan());
  const gans::NetworkRef discriminator(&session->gan().network("discriminator"));
  Stream random(1, "test");
  const nn::ForwardScope scope(nn::Mode::kTrain, &random);
  const auto seen = [&](const at::Tensor& input) {
    augmentation.begin(1, "test", 0);
    return discriminator.seen(input);
  };
  const at::Tensor picture = at::rand({4, 1, 28, 28}), planes = at::rand({4, 10, 28, 28});
  const at::Tensor alone = seen(picture), joint = seen(at::cat({picture, planes}, 1));
  EXPECT_FALSE(at::equal(alone, picture));
  EXPECT_TRUE(at::equal(joint, at::cat({alone, planes}, 1)));
  const at::Tensor flat = at::cat({picture.flatten(1), at::rand({4, 10})}, 1);
  EXPECT_TRUE(at::equal(seen(flat).narrow(1, 0, 784), alone.flatten(1)));
  EXPECT_TRUE(at::equal(seen(flat).narrow(1, 784, 10), flat.narrow(1, 784, 10)));
  const at::Tensor features = at::rand({4, 128});
  EXPECT_TRUE(seen(features).is_same(features));
}

TEST(Augmentation, StrengthFollowsTheSign) {
  const auto session = open("dcgan", {});
  AugmentConfig config;
  config.kind = AugmentKind::kAda;
  config.kimg = 2;
  Augmentation augmentation(config, session->gan());
  augmentation.follow(0.7, 500);
  EXPECT_DOUBLE_EQ(augmentation.strength(), 0.25);
  augmentation.follow(0.5, 100);
  EXPECT_DOUBLE_EQ(augmentation.strength(), 0.2);
  augmentation.follow(0.6, 100);
  EXPECT_DOUBLE_EQ(augmentation.strength(), 0.2);
  augmentation.follow(-1, 100000);
  EXPECT_EQ(augmentation.strength(), 0);
  augmentation.follow(1, 100000);
  EXPECT_EQ(augmentation.strength(), 1);
  EXPECT_FALSE(augmentation.due(0));
  EXPECT_TRUE(augmentation.due(3));
}

TEST(Augmentation, LookingAtTheSignChangesNothing) {
  const auto session = open("dcgan", kAda);
  take(*session, 1);
  const State before = copy_of(session->trainer());
  Augmentation augmentation({.kind = AugmentKind::kAda, .p = 0.5}, session->gan());
  augmentation.begin(1, "look", 0);
  Stream random(1, "test");
  const double sign = augmentation.real_sign({{at::rand({8, 1, 28, 28}), {}}}, random);
  EXPECT_GE(sign, -1);
  EXPECT_LE(sign, 1);
  EXPECT_EQ(differences(before, session->trainer().tensors()), std::vector<std::string>{});
}

TEST(Augmentation, StatisticsTellTheStrength) {
  const auto session = open("dcgan", kAda);
  take(*session, 4);
  const auto means = session->trainer().statistics().take();
  EXPECT_GT(means.at("augment/p"), 0);
  EXPECT_LE(std::abs(means.at("augment/real_sign")), 1);
}

TEST(Augmentation, WhatCannotBeAugmentedIsRefused) {
  EXPECT_THROW(open("gan2014", {"data.path=ring8", "augment.kind=diffaugment"}), UsageError);
  EXPECT_THROW(open("dcgan", {"augment.kind=diffaugment", "augment.policy=[\"blit\"]"}),
               UsageError);
  EXPECT_THROW(open("dcgan", {"augment.kind=ada", "augment.policy=[\"translation\"]"}), UsageError);
  EXPECT_THROW(open("dcgan", {"augment.kind=ada", "augment.p=1.5"}), UsageError);
}

}  // namespace
}  // namespace ganymede::train
