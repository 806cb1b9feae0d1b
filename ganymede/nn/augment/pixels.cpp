#include "ganymede/nn/augment/pixels.h"

#include <ATen/ATen.h>

namespace ganymede::nn::augment {
namespace {

at::Tensor per_sample(const at::Tensor& draws, const at::Tensor& x) {
  return draws.to(x.options().requires_grad(false)).view({-1, 1, 1, 1});
}

// [N, size]: 0 .. size - 1 in each row, moved by the row's offset.
at::Tensor moved_range(int64_t size, const at::Tensor& offset, const at::Tensor& x) {
  const at::Tensor range = at::arange(size, at::TensorOptions(at::kLong).device(x.device()));
  return range.unsqueeze(0) + offset.to(x.device(), at::kLong).unsqueeze(1);
}

at::Tensor inside(const at::Tensor& index, int64_t size) {
  return index.ge(0).logical_and(index.lt(size));
}

}  // namespace

at::Tensor brightness(const at::Tensor& x, const at::Tensor& amount) {
  return x + per_sample(amount, x);
}

at::Tensor saturation(const at::Tensor& x, const at::Tensor& factor) {
  const at::Tensor grey = x.mean(1, /*keepdim=*/true);
  return (x - grey) * per_sample(factor, x) + grey;
}

at::Tensor contrast(const at::Tensor& x, const at::Tensor& factor) {
  const at::Tensor middle = x.mean({1, 2, 3}, /*keepdim=*/true);
  return (x - middle) * per_sample(factor, x) + middle;
}

at::Tensor translate(const at::Tensor& x, const at::Tensor& rows, const at::Tensor& columns) {
  const int64_t height = x.size(2), width = x.size(3);
  const at::Tensor from_row = moved_range(height, rows, x).unsqueeze(2);
  const at::Tensor from_column = moved_range(width, columns, x).unsqueeze(1);
  const at::Tensor index = from_row.clamp(0, height - 1) * width + from_column.clamp(0, width - 1);
  const at::Tensor visible = inside(from_row, height).logical_and(inside(from_column, width));
  const at::Tensor pixels =
      x.flatten(2).gather(2, index.flatten(1).unsqueeze(1).expand({-1, x.size(1), -1}));
  return pixels.view_as(x) * visible.unsqueeze(1).to(x.scalar_type());
}

at::Tensor cut_out(const at::Tensor& x, const at::Tensor& top, const at::Tensor& left,
                   int64_t height, int64_t width) {
  const at::Tensor row = inside(moved_range(x.size(2), -top, x), height).unsqueeze(2);
  const at::Tensor column = inside(moved_range(x.size(3), -left, x), width).unsqueeze(1);
  const at::Tensor kept = row.logical_and(column).logical_not().unsqueeze(1);
  return x * kept.to(x.scalar_type());
}

at::Tensor mix_colors(const at::Tensor& x, const at::Tensor& matrix) {
  const at::Tensor m = matrix.to(x.options().requires_grad(false)).narrow(1, 0, 3);
  if (x.size(1) == 3) {
    const at::Tensor mixed = at::matmul(m.narrow(2, 0, 3), x.flatten(2)) + m.narrow(2, 3, 1);
    return mixed.view_as(x);
  }
  const at::Tensor grey = m.mean(1);  // [N, 4]
  return x * grey.narrow(1, 0, 3).sum(1).view({-1, 1, 1, 1}) +
         grey.select(1, 3).view({-1, 1, 1, 1});
}

}  // namespace ganymede::nn::augment
