// CIE Lab against published values, against its inverse, and its gradients.
#include "ganymede/nn/lab.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "ganymede/core/random.h"

namespace ganymede::nn {
namespace {

at::Tensor pixel(float red, float green, float blue) {
  return at::tensor({red, green, blue}).reshape({1, 3, 1, 1}) / 127.5 - 1;
}

// L, a and b in their own units.
at::Tensor lab_units(const at::Tensor& rgb) {
  const at::Tensor lab = lab_of_rgb(rgb).flatten();
  return at::stack({(lab[0] + 1) * 50, lab[1] * 110, lab[2] * 110});
}

TEST(Lab, PrimariesHaveTheirPublishedValues) {
  const auto expect = [](const at::Tensor& rgb, float l, float a, float b) {
    const at::Tensor found = lab_units(rgb);
    EXPECT_TRUE(at::allclose(found, at::tensor({l, a, b}), 0, 0.03)) << found;
  };
  expect(pixel(255, 0, 0), 53.24F, 80.09F, 67.20F);
  expect(pixel(0, 255, 0), 87.73F, -86.18F, 83.18F);
  expect(pixel(0, 0, 255), 32.30F, 79.19F, -107.86F);
  expect(pixel(255, 255, 255), 100.0F, 0.0F, 0.0F);
  expect(pixel(119, 119, 119), 50.03F, 0.0F, 0.0F);
  expect(pixel(0, 0, 0), 0.0F, 0.0F, 0.0F);
}

TEST(Lab, EveryColourComesBackAndFits) {
  Stream random(1, "test");
  const at::Tensor rgb = random.uniform({2, 3, 64, 64}, -1, 1);
  const at::Tensor lab = lab_of_rgb(rgb);
  EXPECT_LE(lab.abs().max().item<float>(), 1.0F);
  EXPECT_TRUE(at::allclose(rgb_of_lab(lab), rgb, 0, 2e-3));
}

TEST(Lab, ColoursOutsideAreClampedAndNothingIsNan) {
  const at::Tensor lab = at::tensor({-1.0F, 1.0F, -1.0F, 1.0F, -1.0F, 1.0F}).reshape({2, 3, 1, 1});
  const at::Tensor rgb = rgb_of_lab(lab);
  EXPECT_TRUE(rgb.isfinite().all().item<bool>());
  EXPECT_LE(rgb.abs().max().item<float>(), 1.0F);
}

TEST(Lab, GradientsAreFiniteAndRight) {
  Stream random(2, "test");
  for (const auto& function : {lab_of_rgb, rgb_of_lab}) {
    // Colours well inside, where nothing is clamped.
    const at::Tensor x = (lab_of_rgb(random.uniform({1, 3, 2, 2}, -0.5, 0.5))).to(at::kDouble);
    const at::Tensor input =
        (function == rgb_of_lab ? x : rgb_of_lab(x)).detach().clone().set_requires_grad(true);
    const at::Tensor weights = random.normal({1, 3, 2, 2}).to(at::kDouble);
    (function(input) * weights).sum().backward();
    const at::Tensor direction = random.normal({1, 3, 2, 2}).to(at::kDouble);
    const auto value = [&](double step) {
      return (function(input.detach() + step * direction) * weights).sum().item<double>();
    };
    const double numeric = (value(1e-6) - value(-1e-6)) / 2e-6;
    EXPECT_NEAR((input.grad() * direction).sum().item<double>(), numeric, 1e-5);
  }
  const at::Tensor edge = at::zeros({1, 3, 1, 1}).sub(1).set_requires_grad(true);  // black
  lab_of_rgb(edge).sum().backward();
  EXPECT_TRUE(edge.grad().isfinite().all().item<bool>());
}

}  // namespace
}  // namespace ganymede::nn
