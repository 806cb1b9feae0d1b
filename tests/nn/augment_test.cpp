// Augmentation operators against PyTorch (tests/golden/augment.py), and the odds they are drawn by.
#include <torch/csrc/autograd/autograd.h>

#include <functional>

#include "ganymede/nn/augment/ada.h"
#include "ganymede/nn/augment/diffaugment.h"
#include "ganymede/nn/augment/pixels.h"
#include "ganymede/nn/augment/warp.h"
#include "tests/golden/summary.h"

namespace ganymede::nn::augment {
namespace {

using golden::wave;
using Function = std::function<at::Tensor(const at::Tensor&)>;

at::Tensor doubles(std::vector<double> values) { return at::tensor(values, at::kDouble); }
at::Tensor wholes(std::vector<int64_t> values) { return at::tensor(values, at::kLong); }

// Output, gradient, and a gradient of the squared gradient of a quadratic form of the output.
void expect_golden(const std::string& name, const Function& function, at::IntArrayRef shape) {
  SCOPED_TRACE(name);
  const nlohmann::json wanted = golden::load("augment.json")[name];
  at::Tensor x = wave(shape, 1.0, 0.37, 0.5);
  x.set_requires_grad(true);
  const at::Tensor out = function(x);
  golden::expect_matches(out, wanted["out"], "output", 1e-10);
  const auto first =
      torch::autograd::grad({(out * wave(out.sizes(), 1.0, 0.2, 1.3)).sum()}, {x}, {}, true);
  golden::expect_matches(first[0], wanted["dx"], "gradient", 1e-10);
  at::Tensor weight = wave(out.sizes(), 1.0, 0.11, 0.4);
  weight.set_requires_grad(true);
  const auto slope = torch::autograd::grad({(weight * function(x).square()).sum() / 2}, {x}, {},
                                           true, /*create_graph=*/true);
  const auto second = torch::autograd::grad({slope[0].square().sum()}, {weight});
  golden::expect_matches(second[0], wanted["second"], "second derivative", 1e-10);
}

Placement golden_placement() {
  return {.mirror = doubles({1, 0, 0, 1}),
          .quarter_turns = doubles({0, 1, 0, 3}),
          .step_right = doubles({0, 2, 0, -1}),
          .step_down = doubles({0, -1, 0, 1}),
          .scale = doubles({1, 1, 1.2, 0.8}),
          .turn_before = doubles({0, 0, 0.4, -2.0}),
          .stretch = doubles({1, 1, 1.1, 0.9}),
          .turn_after = doubles({0, 0, -0.7, 1.1}),
          .move_right = doubles({0, 0, 0.8, -0.4}),
          .move_down = doubles({0, 0, -1.3, 0.6})};
}

Tint golden_tint() {
  return {.brightness = doubles({0.2, -0.1, 0.0, 0.3}),
          .contrast = doubles({1.3, 0.8, 1.0, 2.0}),
          .luma_flip = doubles({0, 1, 0, 1}),
          .hue = doubles({0.7, -2.0, 0.0, 3.0}),
          .saturation = doubles({0.5, 1.7, 1.0, 0.0})};
}

TEST(AugmentGolden, DiffAugment) {
  const std::vector<int64_t> shape = {3, 3, 10, 12};
  const at::Tensor amount = doubles({0.3, -0.4, 0.1}), saturated = doubles({0.2, 1.7, 1.0}),
                   contrasted = doubles({0.6, 1.4, 1.0});
  expect_golden(
      "diff_color",
      [&](const at::Tensor& x) {
        return contrast(saturation(brightness(x, amount), saturated), contrasted);
      },
      shape);
  expect_golden(
      "diff_translation",
      [](const at::Tensor& x) { return translate(x, wholes({1, -2, 0}), wholes({-1, 2, 8})); },
      shape);
  expect_golden(
      "diff_cutout",
      [](const at::Tensor& x) { return cut_out(x, wholes({-2, 3, 8}), wholes({5, -3, 0}), 5, 6); },
      shape);
}

TEST(AugmentGolden, AdaGeometry) {
  const at::Tensor inverse = inverse_of(golden_placement());
  golden::expect_matches(inverse, golden::load("augment.json")["inverse"], "inverse map", 1e-12);
  const auto warped = [&](const at::Tensor& x) { return warp(x, inverse); };
  expect_golden("warp_square", warped, {4, 1, 9, 9});
  expect_golden("warp_wide", warped, {4, 2, 8, 11});
}

TEST(AugmentGolden, AdaColor) {
  for (const int64_t channels : {1, 3}) {
    const at::Tensor matrix = matrix_of(golden_tint(), channels);
    expect_golden("color_" + std::to_string(channels),
                  [&](const at::Tensor& x) { return mix_colors(x, matrix); }, {4, channels, 5, 6});
  }
}

TEST(Augment, TheIdentityWarpGivesThePictureBack) {
  const at::Tensor x = wave({2, 3, 28, 28}, 1.0, 0.37, 0.5);
  const at::Tensor same = warp(x, at::eye(3, at::kDouble).repeat({2, 1, 1}));
  EXPECT_LT((same - x).abs().max().item<double>(), 1e-9);
}

TEST(Augment, BlittingMovesWholePixels) {
  const at::Tensor x = wave({1, 1, 12, 12}, 1.0, 0.37, 0.5);
  const at::Tensor zero = doubles({0}), one = doubles({1});
  EXPECT_TRUE(at::equal(blit(x, scaling(-one, one)), x.flip(3)));
  EXPECT_TRUE(at::equal(blit(x, rotation(zero + 1.5707963267948966)), x.rot90(1, {2, 3})));
  // A picture that moves 2 px to the right shows at x what was at x - 2; the border reflects.
  const at::Tensor moved = blit(x, shift(zero - 2, zero));
  EXPECT_TRUE(at::equal(moved.narrow(3, 2, 10), x.narrow(3, 0, 10)));
  EXPECT_TRUE(at::equal(moved.select(3, 0), x.select(3, 2)));
  EXPECT_LT((warp(x, shift(zero - 2, zero)) - moved).abs().max().item<double>(), 1e-9);
}

TEST(Augment, BlitsAreExactWithinThePipeline) {
  Stream random(3, "test");
  const at::Tensor x = wave({64, 1, 12, 12}, 1.0, 0.37, 0.5).to(at::kFloat);
  const at::Tensor seen =
      ada_augment(x, {.blit = true, .geometry = false, .color = false}, 1, random);
  for (int64_t i = 0; i < 64; ++i) {
    EXPECT_TRUE(at::isin(seen[i], x[i]).all().item<bool>()) << "a value that was not there";
  }
  EXPECT_FALSE(at::equal(seen, x));
}

TEST(Augment, StrengthZeroReturnsTheSamplesThemselves) {
  Stream random(1, "test");
  const at::Tensor x = wave({4, 3, 16, 16}, 1.0, 0.37, 0.5).to(at::kFloat);
  EXPECT_TRUE(ada_augment(x, {}, 0.0, random).is_same(x));
}

TEST(Augment, StrengthIsTheShareOfSamplesThatAnOperationBefalls) {
  constexpr int64_t kCount = 20000;
  Stream random(3, "test");
  const AdaPolicy policy;
  const Placement p = draw_placement(policy, kCount, 64, 64, 0.36, random);
  const Tint tint = draw_tint(policy, kCount, 0.36, random);
  const auto share = [](const at::Tensor& values, double neutral) {
    return values.ne(neutral).to(at::kDouble).mean().item<double>();
  };
  EXPECT_NEAR(share(p.mirror, 0), 0.18, 0.01);  // half of them draw "not mirrored"
  EXPECT_NEAR(share(p.quarter_turns, 0), 0.27, 0.01);
  EXPECT_NEAR(share(p.scale, 1), 0.36, 0.01);
  EXPECT_NEAR(share(p.turn_before, 0), 0.2, 0.01);  // 1 - sqrt(1 - 0.36)
  EXPECT_NEAR(share(p.turn_after, 0), 0.2, 0.01);
  EXPECT_NEAR(share(p.move_right, 0), 0.36, 0.01);
  EXPECT_NEAR(share(tint.brightness, 0), 0.36, 0.01);
  EXPECT_NEAR(share(tint.luma_flip, 0), 0.18, 0.01);
  EXPECT_LE(p.step_right.abs().max().item<double>(), 8);
  EXPECT_NEAR(p.move_down.square().sum().item<double>() / (0.36 * kCount), 64.0, 3.0);
  EXPECT_NEAR(p.scale.log2().square().sum().item<double>() / (0.36 * kCount), 0.04, 0.002);
}

TEST(Augment, DrawsDoNotDependOnStrengthOrPolicy) {
  Stream weak(3, "test"), strong(3, "test");
  draw_placement({}, 8, 28, 28, 0.1, weak);
  draw_placement({.blit = false}, 8, 28, 28, 0.9, strong);
  EXPECT_EQ(weak.next_u32(), strong.next_u32());
  const at::Tensor x = wave({4, 1, 28, 28}, 1.0, 0.37, 0.5).to(at::kFloat);
  Stream all(5, "test"), none(5, "test");
  diff_augment(x, {}, all);
  diff_augment(x, {.color = false, .translation = false, .cutout = false}, none);
  EXPECT_EQ(all.next_u32(), none.next_u32());
}

TEST(Augment, DiffAugmentStaysWithinItsLimits) {
  Stream random(3, "test");
  const at::Tensor x = at::ones({500, 1, 28, 28});
  const at::Tensor shifted =
      diff_augment(x, {.color = false, .translation = true, .cutout = false}, random);
  // Each side of the picture may lose up to 4 px.
  const at::Tensor width = shifted.amax(2).sum(2).flatten();
  EXPECT_EQ(width.min().item<double>(), 24);
  EXPECT_EQ(width.max().item<double>(), 28);
  const at::Tensor cut =
      diff_augment(x, {.color = false, .translation = false, .cutout = true}, random);
  const at::Tensor missing = (1 - cut).sum({1, 2, 3});
  EXPECT_LE(missing.max().item<double>(), 14 * 14);
  EXPECT_GE(missing.min().item<double>(), 7 * 7);
  const at::Tensor colored =
      diff_augment(x, {.color = true, .translation = false, .cutout = false}, random);
  EXPECT_GE(colored.min().item<double>(), 0.5);
  EXPECT_LE(colored.max().item<double>(), 1.5);
}

TEST(Augment, CutoutAndNoiseOfAda) {
  Stream random(3, "test");
  const at::Tensor x = at::ones({400, 1, 16, 16});
  AdaPolicy policy{.blit = false, .geometry = false, .color = false};
  policy.cutout = true;
  const at::Tensor missing = (1 - ada_augment(x, policy, 0.5, random)).sum({1, 2, 3});
  EXPECT_NEAR(missing.gt(0).to(at::kDouble).mean().item<double>(), 0.5, 0.08);
  EXPECT_EQ(missing.max().item<double>(), 64);
  policy.cutout = false;
  policy.noise = true;
  const at::Tensor noise = ada_augment(x, policy, 0.5, random) - x;
  EXPECT_NEAR(noise.flatten(1).abs().sum(1).gt(0).to(at::kDouble).mean().item<double>(), 0.5, 0.08);
  EXPECT_NEAR(noise.square().mean().item<double>(), 0.5 * 0.01, 0.002);
}

}  // namespace
}  // namespace ganymede::nn::augment
