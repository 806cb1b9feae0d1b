#include "ganymede/nn/lab.h"

#include <ATen/ATen.h>

#include <vector>

namespace ganymede::nn {
namespace {

// CIE 15: the curve and the line below its edge.
constexpr double kEdge = 216.0 / 24389.0;
constexpr double kSlope = 24389.0 / 27.0;
constexpr double kAxis = 110.0;
// D65, 2 degrees: XYZ of white.
constexpr double kWhiteX = 0.950456;
constexpr double kWhiteZ = 1.088754;

at::Tensor curve(const at::Tensor& t) {
  // clamp_min keeps the derivative of the branch that is not taken finite.
  return at::where(t > kEdge, t.clamp_min(kEdge).pow(1.0 / 3.0), (t * kSlope + 16.0) / 116.0);
}

at::Tensor inverse_curve(const at::Tensor& f) {
  const at::Tensor cube = f * f * f;
  return at::where(cube > kEdge, cube, (f * 116.0 - 16.0) / kSlope);
}

at::Tensor light_of(const at::Tensor& rgb) {
  const at::Tensor v = (rgb + 1) / 2;
  return at::where(v > 0.04045, ((v.clamp_min(0.04045) + 0.055) / 1.055).pow(2.4), v / 12.92);
}

at::Tensor rgb_of_light(const at::Tensor& light) {
  const at::Tensor v = light.clamp(0, 1);
  const at::Tensor coded =
      at::where(v > 0.0031308, v.clamp_min(0.0031308).pow(1.0 / 2.4) * 1.055 - 0.055, v * 12.92);
  return (coded * 2 - 1).clamp(-1, 1);
}

}  // namespace

at::Tensor lab_of_rgb(const at::Tensor& rgb) {
  const std::vector<at::Tensor> c = light_of(rgb).unbind(1);
  const at::Tensor x = (c[0] * 0.4124564 + c[1] * 0.3575761 + c[2] * 0.1804375) / kWhiteX;
  const at::Tensor y = c[0] * 0.2126729 + c[1] * 0.7151522 + c[2] * 0.0721750;
  const at::Tensor z = (c[0] * 0.0193339 + c[1] * 0.1191920 + c[2] * 0.9503041) / kWhiteZ;
  const at::Tensor fx = curve(x), fy = curve(y), fz = curve(z);
  return at::stack(
      {(fy * 116.0 - 16.0) / 50.0 - 1.0, (fx - fy) * (500.0 / kAxis), (fy - fz) * (200.0 / kAxis)},
      1);
}

at::Tensor rgb_of_lab(const at::Tensor& lab) {
  const std::vector<at::Tensor> c = lab.unbind(1);
  const at::Tensor fy = ((c[0] + 1.0) * 50.0 + 16.0) / 116.0;
  const at::Tensor x = inverse_curve(fy + c[1] * (kAxis / 500.0)) * kWhiteX;
  const at::Tensor y = inverse_curve(fy);
  const at::Tensor z = inverse_curve(fy - c[2] * (kAxis / 200.0)) * kWhiteZ;
  const at::Tensor light = at::stack({x * 3.2404542 - y * 1.5371385 - z * 0.4985314,
                                      x * -0.9692660 + y * 1.8760108 + z * 0.0415560,
                                      x * 0.0556434 - y * 0.2040259 + z * 1.0572252},
                                     1);
  return rgb_of_light(light);
}

}  // namespace ganymede::nn
