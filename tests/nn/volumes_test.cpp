// Networks of solids and clips: sizes, shapes, and what they refuse.
#include "ganymede/nn/volumes.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include "ganymede/core/error.h"
#include "ganymede/nn/gru.h"
#include "ganymede/nn/video_networks.h"

namespace ganymede::nn {
namespace {

TEST(VolumePyramid, HasThePublishedSizesAt64) {
  const ModulePtr up = volume_pyramid_up(200, {}), down = volume_pyramid_down({});
  EXPECT_EQ(up->parameter_count(), 17'569'664);
  EXPECT_EQ(down->parameter_count(), 11'048'832);
}

TEST(VolumePyramid, EverySideComesOutAndGoesIn) {
  for (const int64_t side : {16, 32, 64}) {
    const VolumePyramidOptions options{.side = side, .base_channels = 2};
    const ModulePtr up = volume_pyramid_up(5, options), down = volume_pyramid_down(options);
    up->initialize(1, "up");
    down->initialize(1, "down");
    const at::Tensor solids = up->forward(at::ones({2, 5}));
    EXPECT_EQ(solids.sizes(), (at::IntArrayRef{2, 1, side, side, side}));
    EXPECT_GT(solids.min().item<float>(), 0);
    EXPECT_LT(solids.max().item<float>(), 1);
    EXPECT_EQ(down->forward(solids).sizes(), (at::IntArrayRef{2, 1}));
  }
  EXPECT_THROW(volume_pyramid_up(5, {.side = 24}), UsageError);
  EXPECT_THROW(volume_pyramid_down({.side = 8}), UsageError);
}

TEST(VolumePyramid, FeaturesAreThoseOfThePaper) {
  const ModulePtr down = volume_pyramid_down({});
  down->initialize(1, "down");
  const at::NoGradGuard no_grad;
  EXPECT_EQ(down->features(at::ones({1, 1, 64, 64, 64})).sizes(), (at::IntArrayRef{1, 7168}));
}

TEST(GruCell, FollowsItsEquations) {
  GruCell cell(2, 3);
  cell.initialize(7, "gru");
  const auto state = cell.state();
  const at::Tensor x = at::arange(4, at::kFloat).view({2, 2}) - 1.5;
  const at::Tensor h = at::arange(6, at::kFloat).view({2, 3}) * 0.3 - 0.5;
  const auto gate = [&](int64_t k, const at::Tensor& input, const char* name) {
    const std::string suffix(name);
    const at::Tensor w = state.at("weight_" + suffix).slice(0, 3 * k, 3 * k + 3);
    const at::Tensor b = state.at("bias_" + suffix).slice(0, 3 * k, 3 * k + 3);
    return at::mm(input, w.t()) + b;
  };
  const at::Tensor reset = (gate(0, x, "ih") + gate(0, h, "hh")).sigmoid();
  const at::Tensor update = (gate(1, x, "ih") + gate(1, h, "hh")).sigmoid();
  const at::Tensor fresh = (gate(2, x, "ih") + reset * gate(2, h, "hh")).tanh();
  const at::Tensor expected = (1 - update) * fresh + update * h;
  EXPECT_TRUE(at::allclose(cell.step(x, h), expected, 1e-5, 1e-6));
  EXPECT_TRUE(at::allclose(cell(x), cell.step(x, at::zeros({2, 3}))));
}

TEST(VideoNetworks, ClipsComeOutAndGoIn) {
  for (const auto& [size, frames] : {std::pair{32, 13}, {32, 16}, {64, 16}}) {
    const VideoPlan plan{.clip = {3, frames, size},
                         .content_dim = 4,
                         .motion_dim = 2,
                         .categories = 2,
                         .base_channels = 2};
    const ModulePtr generator = video_generator(plan), critic = video_critic(plan);
    generator->initialize(1, "g");
    critic->initialize(1, "d");
    const at::Tensor clips = generator->forward(at::ones({2, plan.latent_dim() + 2}));
    EXPECT_EQ(clips.sizes(), (at::IntArrayRef{2, 3, frames, size, size}));
    const int64_t stretches = frames - (size == 32 ? 12 : 15);
    EXPECT_EQ(critic->forward(clips).sizes(), (at::IntArrayRef{2, 3, stretches, 1, 1}));
  }
}

TEST(VideoNetworks, OtherClipsAreRefused) {
  const auto of = [](std::vector<int64_t> shape, const char* domain = "video") {
    return ClipShape::of({.domain = domain, .shape = std::move(shape)});
  };
  EXPECT_EQ(of({3, 16, 64, 64}).size, 64);
  EXPECT_THROW(of({3, 15, 64, 64}), UsageError);
  EXPECT_THROW(of({3, 12, 32, 32}), UsageError);
  EXPECT_THROW(of({3, 16, 48, 48}), UsageError);
  EXPECT_THROW(of({3, 16, 32, 64}), UsageError);
  EXPECT_THROW(of({3, 64, 64}, "image"), UsageError);
}

}  // namespace
}  // namespace ganymede::nn
