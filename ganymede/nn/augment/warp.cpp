#include "ganymede/nn/augment/warp.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace ganymede::nn::augment {
namespace {

// The low-pass filter of the Daubechies wavelet with least asymmetry and six vanishing moments.
// Its shifts by two are orthonormal, so that up and down again is the identity.
constexpr std::array<double, 12> kSym6 = {
    0.015404109327027373,  0.0034907120842174702, -0.11799011114819057,  -0.048311742585633,
    0.4910559419267466,    0.787641141030194,     0.3379294217276218,    -0.07263752278646252,
    -0.021060292512300564, 0.04472490177066578,   0.0017677118642428036, -0.007800708325034148};
constexpr int64_t kTaps = 12;
constexpr int64_t kPad = kTaps / 4;  // pixels beyond each border that the way down reaches

struct Margin {
  int64_t before = 0;
  int64_t after = 0;
};

int64_t reflected(int64_t i, int64_t size) {
  if (size == 1) return 0;
  const int64_t period = 2 * (size - 1);
  const int64_t phase = ((i % period) + period) % period;
  return phase < size ? phase : period - phase;
}

// [2 (before + size + after), size]: reflect, then double the resolution of one axis.
at::Tensor doubling(int64_t size, const Margin& margin) {
  const int64_t padded = margin.before + size + margin.after;
  at::Tensor matrix = at::zeros({2 * padded, size}, at::kDouble);
  auto out = matrix.accessor<double, 2>();
  for (int64_t j = 0; j < 2 * padded; ++j) {
    for (int64_t k = 0; k < kTaps; ++k) {
      const int64_t twice = j + kTaps / 2 - 1 - k;  // of the padded pixel that this tap meets
      if (twice < 0 || twice % 2 != 0 || twice / 2 >= padded) continue;
      out[j][reflected(twice / 2 - margin.before, size)] +=
          std::sqrt(2.0) * kSym6[static_cast<size_t>(k)];
    }
  }
  return matrix;
}

// [size, 2 (size + 2 kPad)]: one axis back from twice its resolution.
at::Tensor halving(int64_t size) {
  at::Tensor matrix = at::zeros({size, 2 * (size + 2 * kPad)}, at::kDouble);
  auto out = matrix.accessor<double, 2>();
  for (int64_t j = 0; j < size; ++j) {
    for (int64_t k = 0; k < kTaps; ++k) {
      out[j][2 * j + 1 + k] += kSym6[static_cast<size_t>(k)] / std::sqrt(2.0);
    }
  }
  return matrix;
}

at::Tensor along_both(const at::Tensor& rows, const at::Tensor& x, const at::Tensor& columns) {
  return at::matmul(at::matmul(rows.to(x.options().requires_grad(false)), x),
                    columns.to(x.options().requires_grad(false)).t());
}

// What the warped corners of the output need beyond the input, along axis 0 (x) or 1 (y).
Margin margin_of(const at::Tensor& inverse, int64_t height, int64_t width, int64_t axis) {
  const double cx = static_cast<double>(width - 1) / 2, cy = static_cast<double>(height - 1) / 2;
  const at::Tensor corners =
      at::tensor({-cx, cx, cx, -cx, -cy, -cy, cy, cy, 1.0, 1.0, 1.0, 1.0}, at::kDouble)
          .view({3, 4});
  const at::Tensor reached = at::matmul(inverse, corners).select(1, axis);
  const int64_t size = axis == 0 ? width : height;
  const double beyond = static_cast<double>(2 * kPad) - (axis == 0 ? cx : cy);
  const auto whole = [&](double reach) {
    const double most = static_cast<double>(size - 1);
    return static_cast<int64_t>(std::ceil(std::clamp(reach + beyond, 0.0, most)));
  };
  return {whole(-reached.min().item<double>()), whole(reached.max().item<double>())};
}

// Bilinear samples of x [N, C, H, W] at points ([N, P, 2] as x, y; pixel 0's centre is 0),
// zero outside: [N, C, P].
at::Tensor bilinear(const at::Tensor& x, const at::Tensor& points) {
  const int64_t height = x.size(2), width = x.size(3);
  const at::Tensor corner = points.floor();
  const at::Tensor share = points - corner;
  const at::Tensor pixels = x.flatten(2);
  at::Tensor sum;
  for (const int64_t down : {0, 1}) {
    for (const int64_t right : {0, 1}) {
      const at::Tensor column = corner.select(2, 0) + right, row = corner.select(2, 1) + down;
      const at::Tensor inside = column.ge(0) * column.lt(width) * row.ge(0) * row.lt(height);
      const at::Tensor index = row.clamp(0, height - 1) * width + column.clamp(0, width - 1);
      const at::Tensor sx = share.select(2, 0), sy = share.select(2, 1);
      const at::Tensor weight = (right == 1 ? sx : 1 - sx) * (down == 1 ? sy : 1 - sy) * inside;
      const at::Tensor taken = pixels.gather(
          2, index.to(at::kLong).to(x.device()).unsqueeze(1).expand({-1, x.size(1), -1}));
      const at::Tensor part = taken * weight.to(x.options().requires_grad(false)).unsqueeze(1);
      sum = sum.defined() ? sum + part : part;
    }
  }
  return sum;
}

// Centres of the pixels of a picture about its own centre, `spacing` apart: [3, P].
at::Tensor pixel_grid(int64_t height, int64_t width, double spacing) {
  const auto axis = [&](int64_t size) {
    return (at::arange(size, at::kDouble) - static_cast<double>(size - 1) / 2) * spacing;
  };
  const auto grid = at::meshgrid({axis(height), axis(width)}, "ij");
  return at::stack({grid[1].flatten(), grid[0].flatten(), at::ones({height * width}, at::kDouble)});
}

// The pixel that index i of an endlessly reflected axis shows; int64.
at::Tensor reflected_index(const at::Tensor& position, int64_t size) {
  if (size == 1) return at::zeros_like(position, at::kLong);
  const int64_t period = 2 * (size - 1);
  const at::Tensor phase = position.round().to(at::kLong).remainder(period);
  return at::minimum(phase, period - phase);
}

at::Tensor rows3(const std::vector<at::Tensor>& nine) {
  return at::stack(nine, 1).view({-1, 3, 3});
}

}  // namespace

at::Tensor warp(const at::Tensor& x, const at::Tensor& inverse) {
  const int64_t height = x.size(2), width = x.size(3);
  const at::Tensor map = inverse.to(at::kDouble);
  const Margin h = margin_of(map, height, width, 0), v = margin_of(map, height, width, 1);
  const at::Tensor fine = along_both(doubling(height, v), x, doubling(width, h));

  const int64_t fine_height = 2 * (height + 2 * kPad), fine_width = 2 * (width + 2 * kPad);
  const at::Tensor reached =
      at::matmul(map, pixel_grid(fine_height, fine_width, 0.5)).narrow(1, 0, 2).transpose(1, 2);
  // From pixels about the centre of the image to indices of the padded, doubled one: pixel p covers
  // the fine pixels 2p and 2p + 1.
  const at::Tensor origin =
      at::tensor({static_cast<double>(h.before) + static_cast<double>(width - 1) / 2,
                  static_cast<double>(v.before) + static_cast<double>(height - 1) / 2},
                 at::kDouble);
  const at::Tensor points = ((reached + origin) * 2 + 0.5).to(x.scalar_type());
  const at::Tensor sampled =
      bilinear(fine, points).view({x.size(0), x.size(1), fine_height, fine_width});
  return along_both(halving(height), sampled, halving(width));
}

at::Tensor blit(const at::Tensor& x, const at::Tensor& inverse) {
  const int64_t height = x.size(2), width = x.size(3);
  const at::Tensor reached = at::matmul(inverse.to(at::kDouble), pixel_grid(height, width, 1));
  const auto index = [&](int64_t axis, int64_t size) {
    return reflected_index(reached.select(1, axis) + static_cast<double>(size - 1) / 2, size);
  };
  const at::Tensor from = (index(1, height) * width + index(0, width)).to(x.device());
  return x.flatten(2).gather(2, from.unsqueeze(1).expand({-1, x.size(1), -1})).view_as(x);
}

at::Tensor scaling(const at::Tensor& horizontal, const at::Tensor& vertical) {
  const at::Tensor zero = at::zeros_like(horizontal), one = at::ones_like(horizontal);
  return rows3({horizontal, zero, zero, zero, vertical, zero, zero, zero, one});
}

at::Tensor shift(const at::Tensor& right, const at::Tensor& down) {
  const at::Tensor zero = at::zeros_like(right), one = at::ones_like(right);
  return rows3({one, zero, right, zero, one, down, zero, zero, one});
}

at::Tensor rotation(const at::Tensor& angle) {
  const at::Tensor zero = at::zeros_like(angle), one = at::ones_like(angle);
  const at::Tensor c = angle.cos(), s = angle.sin();
  return rows3({c, -s, zero, s, c, zero, zero, zero, one});
}

}  // namespace ganymede::nn::augment
