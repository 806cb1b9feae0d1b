#include "ganymede/nn/spectral.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/autograd.h>

#include "ganymede/core/error.h"
#include "ganymede/nn/spectral_networks.h"
#include "tests/golden/summary.h"

namespace ganymede::nn {
namespace {

using golden::wave;

class Spectral : public testing::Test {
 protected:
  Spectral() { layer_->initialize(3, "test"); }

  at::Tensor train(int passes) {
    Stream random(1, "test");
    const ForwardScope scope(Mode::kTrain, &random);
    at::Tensor out;
    for (int i = 0; i < passes; ++i) out = layer_->forward(input_);
    return out;
  }
  at::Tensor state(const char* name) { return layer_->state().at(name); }
  double largest() { return at::linalg_svdvals(state("weight").flatten(1)).max().item<double>(); }

  ModulePtr layer_ = spectral_linear(6, 5, {.bias = false});
  at::Tensor input_ = wave({4, 6}, 1, 0.7, 0.3).to(at::kFloat);
};

TEST_F(Spectral, TrainingFindsTheLargestSingularValue) {
  const at::Tensor out = train(200);
  const at::Tensor expected = at::mm(input_, state("weight").t()) / largest();
  EXPECT_TRUE(at::allclose(out, expected, 1e-4, 1e-5));
}

TEST_F(Spectral, OneStepIsAlgorithmOne) {
  const at::Tensor w = state("weight").to(at::kDouble);
  const at::Tensor v = at::mv(w.t(), at::ones({5}, at::kDouble));
  const at::Tensor u = at::mv(w, v / v.norm());
  const at::Tensor out = train(1);
  EXPECT_TRUE(at::allclose(out.to(at::kDouble), at::mm(input_.to(at::kDouble), w.t()) / u.norm(),
                           1e-5, 1e-6));
  EXPECT_TRUE(at::allclose(state("u").to(at::kDouble), u / u.norm(), 1e-5, 1e-6));
}

TEST_F(Spectral, TheVectorMovesInTrainingOnlyAndNotWhileFrozen) {
  const at::Tensor start = state("u").clone();
  layer_->forward(input_);
  EXPECT_TRUE(at::equal(start, state("u")));
  layer_->set_frozen(true);
  train(1);
  EXPECT_TRUE(at::equal(start, state("u")));
  layer_->set_frozen(false);
  train(1);
  EXPECT_FALSE(at::equal(start, state("u")));
}

TEST_F(Spectral, OnlyTheVectorsDirectionCounts) {
  train(2);
  const at::Tensor before = layer_->forward(input_);
  state("u").mul_(0.3);
  EXPECT_TRUE(at::allclose(before, layer_->forward(input_), 1e-6, 1e-7));
}

TEST_F(Spectral, WhatIsKeptFollowsTheWeightsHoweverTheyChange) {
  layer_->set_frozen(true);
  const at::Tensor before = layer_->forward(input_);
  EXPECT_TRUE(at::equal(before, layer_->forward(input_)));
  state("weight")[0].mul_(2);
  const at::Tensor changed = layer_->forward(input_);
  EXPECT_FALSE(at::allclose(before, changed));
  at::Tensor weight = state("weight");
  for (int64_t i = 0; i < weight.numel(); ++i) weight.data_ptr<float>()[i] *= -1;  // no counter
  EXPECT_TRUE(at::allclose(-changed, layer_->forward(input_), 1e-6, 1e-7));
}

// At the fixed point the singular vectors do not move to first order, so the gradient with u and v
// held is the gradient.
TEST_F(Spectral, GradientMatchesFiniteDifferencesOnceConverged) {
  layer_->to(at::kDouble);
  input_ = input_.to(at::kDouble);
  train(3000);
  at::Tensor weight;
  layer_->each_parameter([&](const std::string&, at::Tensor& p) { weight = p; });
  const at::Tensor direction = wave({4, 5}, 1, 0.9, 0.1);
  const auto value = [&] { return (layer_->forward(input_) * direction).sum(); };
  const at::Tensor analytic = torch::autograd::grad({value()}, {weight}).at(0).flatten();
  const at::NoGradGuard no_grad;
  at::Tensor flat = weight.view(-1);
  for (int64_t i = 0; i < flat.numel(); ++i) {
    const double kept = flat[i].item<double>();
    flat[i].fill_(kept + 1e-6);
    const double above = value().item<double>();
    flat[i].fill_(kept - 1e-6);
    const double below = value().item<double>();
    flat[i].fill_(kept);
    EXPECT_NEAR(analytic[i].item<double>(), (above - below) / 2e-6, 1e-6) << i;
  }
}

TEST_F(Spectral, ConvolutionsResampleAsThePlainOnesDo) {
  Stream random(2, "test");
  const at::Tensor x = random.normal({2, 3, 8, 8});
  for (const auto resample :
       {ConvResample::kNone, ConvResample::kUpBefore, ConvResample::kMeanAfter}) {
    const ConvOptions options{.kernel = 3, .padding = 1, .resample = resample, .bias = false};
    const auto spectral = spectral_conv(3, 4, options);
    const auto plain = conv(3, 4, options);
    spectral->initialize(5, "test");
    plain->initialize(5, "test");
    const at::Tensor ratio = spectral->forward(x) / plain->forward(x);
    EXPECT_LT(((ratio - ratio.mean()) / ratio.mean()).abs().max().item<double>(), 1e-2);
  }
}

// Miyato 2018, table 4, counted layer by layer: dense 528384, three blocks of 1246976, norm 512,
// conv 6915; D: 151680 + 311680 + 2 x 295168 + 128.
TEST(SpectralNetworks, HaveThePublishedSizesOnCifar) {
  const SpectralPlan plan{.image = {3, 32, 32}};
  EXPECT_EQ(spectral_generator(plan)->parameter_count(), 4276739);
  EXPECT_EQ(spectral_discriminator(plan)->parameter_count(), 1053824);
}

class SpectralSizes : public testing::TestWithParam<int64_t> {};

TEST_P(SpectralSizes, MapsFit) {
  const int64_t size = GetParam();
  for (const bool plain : {false, true}) {
    if (size == 28 && !plain) continue;
    const SpectralPlan plan{.image = {3, size, size},
                            .latent_dim = 5,
                            .generator_channels = 2,
                            .discriminator_channels = 2,
                            .plain = plain};
    const auto up = spectral_generator(plan);
    const auto down = spectral_discriminator(plan);
    up->initialize(1, "up");
    down->initialize(1, "down");
    const at::Tensor image = up->forward(at::ones({2, 5}));
    EXPECT_EQ(image.sizes(), at::IntArrayRef({2, 3, size, size}));
    EXPECT_EQ(down->forward(image).sizes(), at::IntArrayRef({2, 1}));
  }
}

INSTANTIATE_TEST_SUITE_P(All, SpectralSizes, testing::Values(16, 28, 32, 64, 128));

}  // namespace
}  // namespace ganymede::nn
