#include "ganymede/nn/augment/ada.h"

#include <ATen/ATen.h>

#include <cmath>

#include "ganymede/nn/augment/pixels.h"
#include "ganymede/nn/augment/warp.h"

namespace ganymede::nn::augment {
namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr double kWholeShift = 0.125;  // of the size
constexpr double kFractionalShift = 0.125;
constexpr double kScale = 0.2;       // standard deviation of log2
constexpr double kBrightness = 0.2;  // standard deviation
constexpr double kContrast = 0.5;    // standard deviation of log2
constexpr double kSaturation = 1.0;  // standard deviation of log2
constexpr double kNoise = 0.1;
constexpr double kCutout = 0.5;  // of the size

// Draws of one operation after another, each of which befalls a sample with some probability.
class Chance {
 public:
  Chance(int64_t count, Stream& random) : count_(count), random_(random) {}

  at::Tensor uniform(double low, double high) { return wide(random_.uniform({count_}, low, high)); }
  at::Tensor normal(double deviation) { return wide(random_.normal({count_})) * deviation; }
  at::Tensor power_of_two(double deviation) { return at::exp2(normal(deviation)); }
  at::Tensor whole(int64_t low, int64_t high) {
    return wide(random_.integers({count_}, low, high));
  }
  at::Tensor happens(double probability) { return uniform(0, 1).lt(probability); }
  // `values` where it happens, else `neutral`.
  at::Tensor sometimes(double probability, const at::Tensor& values, double neutral) {
    return at::where(happens(probability), values, at::full_like(values, neutral));
  }

 private:
  static at::Tensor wide(const at::Tensor& draws) { return draws.to(at::kDouble); }
  int64_t count_;
  Stream& random_;
};

at::Tensor product(std::initializer_list<at::Tensor> factors) {
  at::Tensor all;
  for (const at::Tensor& factor : factors) {
    all = all.defined() ? at::matmul(all, factor) : factor;
  }
  return all;
}

// [N, 4, 4] with `block` [N, 3, 3] in the corner.
at::Tensor with_offset(const at::Tensor& block, const at::Tensor& offset) {
  at::Tensor matrix = at::eye(4, at::kDouble).repeat({block.size(0), 1, 1});
  matrix.narrow(1, 0, 3).narrow(2, 0, 3).copy_(block);
  matrix.narrow(1, 0, 3).select(2, 3).copy_(offset.unsqueeze(1));
  return matrix;
}

at::Tensor column(const at::Tensor& values) { return values.view({-1, 1, 1}); }

// Rotation of colours about the grey axis (Rodrigues).
at::Tensor hue_rotation(const at::Tensor& angle, const at::Tensor& grey) {
  const double u = 1 / std::sqrt(3.0);
  const at::Tensor cross =
      at::tensor({0.0, -u, u, u, 0.0, -u, -u, u, 0.0}, at::kDouble).view({3, 3});
  const at::Tensor c = column(angle.cos()), s = column(angle.sin());
  return c * at::eye(3, at::kDouble) + s * cross + (1 - c) * grey;
}

// `move` on the samples that `chosen` names: all others stay as they are.
template <typename Move>
at::Tensor only(const at::Tensor& x, const at::Tensor& chosen, const at::Tensor& inverse,
                const Move& move) {
  const at::Tensor rows = chosen.nonzero().flatten();
  if (rows.numel() == 0) return x;
  if (rows.numel() == x.size(0)) return move(x, inverse);
  const at::Tensor index = rows.to(x.device());
  return x.index_copy(0, index, move(x.index_select(0, index), inverse.index_select(0, rows)));
}

at::Tensor place(const at::Tensor& x, const Placement& p) {
  const at::Tensor inverse = inverse_of(p);
  const at::Tensor blitted = p.mirror.ne(0)
                                 .logical_or(p.quarter_turns.ne(0))
                                 .logical_or(p.step_right.ne(0))
                                 .logical_or(p.step_down.ne(0));
  at::Tensor warped = p.scale.ne(1)
                          .logical_or(p.turn_before.ne(0))
                          .logical_or(p.stretch.ne(1))
                          .logical_or(p.turn_after.ne(0))
                          .logical_or(p.move_right.ne(0))
                          .logical_or(p.move_down.ne(0));
  // A quarter turn of a picture with one even and one odd side falls between the pixels.
  if ((x.size(2) + x.size(3)) % 2 != 0) {
    warped = warped.logical_or(p.quarter_turns.remainder(2).ne(0));
  }
  const at::Tensor copied = only(x, blitted.logical_and(warped.logical_not()), inverse, blit);
  return only(copied, warped, inverse, warp);
}

at::Tensor add_noise(const at::Tensor& x, double strength, Stream& random) {
  Chance chance(x.size(0), random);
  const at::Tensor sigma = chance.sometimes(strength, chance.normal(kNoise).abs(), 0);
  const at::Tensor noise = random.normal(x.sizes()) * sigma.to(at::kFloat).view({-1, 1, 1, 1});
  return x + noise.to(x.options().requires_grad(false));
}

at::Tensor cut_out_sometimes(const at::Tensor& x, double strength, Stream& random) {
  Chance chance(x.size(0), random);
  const auto begin = [&](int64_t size) {
    const auto pixels = static_cast<double>(size);
    return (chance.uniform(0, 1) * pixels - 0.5 - pixels * kCutout / 2).floor() + 1;
  };
  const at::Tensor happens = chance.happens(strength);
  const at::Tensor left = begin(x.size(3)), top = begin(x.size(2));
  const auto window = [](int64_t size) {
    return static_cast<int64_t>(std::lround(static_cast<double>(size) * kCutout));
  };
  // A window beyond the image cuts nothing.
  const at::Tensor outside = at::full_like(top, static_cast<double>(x.size(2)));
  return cut_out(x, at::where(happens, top, outside), left, window(x.size(2)), window(x.size(3)));
}

}  // namespace

Placement draw_placement(const AdaPolicy& policy, int64_t count, int64_t height, int64_t width,
                         double strength, Stream& random) {
  const double blit = policy.blit ? strength : 0;
  const double geometry = policy.geometry ? strength : 0;
  // Turns before and after stretching together happen with probability p.
  const double turn = 1 - std::sqrt(1 - geometry);
  const auto w = static_cast<double>(width), h = static_cast<double>(height);
  Chance chance(count, random);
  Placement p;
  p.mirror = chance.sometimes(blit, chance.whole(0, 2), 0);
  p.quarter_turns = chance.sometimes(blit, chance.whole(0, 4), 0);
  const at::Tensor stepped = chance.happens(blit);
  p.step_right = (chance.uniform(-kWholeShift, kWholeShift) * w).round() * stepped;
  p.step_down = (chance.uniform(-kWholeShift, kWholeShift) * h).round() * stepped;
  p.scale = chance.sometimes(geometry, chance.power_of_two(kScale), 1);
  p.turn_before = chance.sometimes(turn, chance.uniform(-kPi, kPi), 0);
  p.stretch = chance.sometimes(geometry, chance.power_of_two(kScale), 1);
  p.turn_after = chance.sometimes(turn, chance.uniform(-kPi, kPi), 0);
  const at::Tensor drifted = chance.happens(geometry);
  p.move_right = chance.normal(kFractionalShift) * w * drifted;
  p.move_down = chance.normal(kFractionalShift) * h * drifted;
  return p;
}

Tint draw_tint(const AdaPolicy& policy, int64_t count, double strength, Stream& random) {
  const double p = policy.color ? strength : 0;
  Chance chance(count, random);
  Tint tint;
  tint.brightness = chance.sometimes(p, chance.normal(kBrightness), 0);
  tint.contrast = chance.sometimes(p, chance.power_of_two(kContrast), 1);
  tint.luma_flip = chance.sometimes(p, chance.whole(0, 2), 0);
  tint.hue = chance.sometimes(p, chance.uniform(-kPi, kPi), 0);
  tint.saturation = chance.sometimes(p, chance.power_of_two(kSaturation), 1);
  return tint;
}

at::Tensor inverse_of(const Placement& p) {
  const at::Tensor one = at::ones_like(p.scale);
  return product({scaling(1 - 2 * p.mirror, one), rotation(p.quarter_turns * (kPi / 2)),
                  shift(-p.step_right, -p.step_down), scaling(1 / p.scale, 1 / p.scale),
                  rotation(p.turn_before), scaling(1 / p.stretch, p.stretch),
                  rotation(p.turn_after), shift(-p.move_right, -p.move_down)});
}

at::Tensor matrix_of(const Tint& tint, int64_t channels) {
  const at::Tensor unit = at::eye(3, at::kDouble);
  const at::Tensor grey = at::full({3, 3}, 1.0 / 3.0, at::kDouble);
  const at::Tensor none = at::zeros_like(tint.brightness);
  const at::Tensor lit = with_offset(unit.repeat({tint.brightness.size(0), 1, 1}), tint.brightness);
  const at::Tensor contrasted = with_offset(column(tint.contrast) * unit, none);
  const at::Tensor flipped = with_offset(unit - 2 * column(tint.luma_flip) * grey, none);
  if (channels == 1) return product({flipped, contrasted, lit});
  const at::Tensor turned = with_offset(hue_rotation(tint.hue, grey), none);
  const at::Tensor saturated = with_offset(grey + (unit - grey) * column(tint.saturation), none);
  return product({saturated, turned, flipped, contrasted, lit});
}

at::Tensor ada_augment(const at::Tensor& x, const AdaPolicy& policy, double strength,
                       Stream& random) {
  if (strength <= 0) return x;
  const int64_t count = x.size(0), height = x.size(2), width = x.size(3);
  const Placement placement = draw_placement(policy, count, height, width, strength, random);
  const Tint tint = draw_tint(policy, count, strength, random);
  at::Tensor seen = place(x, placement);
  if (policy.color) seen = mix_colors(seen, matrix_of(tint, x.size(1)));
  if (policy.noise) seen = add_noise(seen, strength, random);
  if (policy.cutout) seen = cut_out_sometimes(seen, strength, random);
  return seen;
}

}  // namespace ganymede::nn::augment
