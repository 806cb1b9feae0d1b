#include "ganymede/ops/modulated_conv.h"

#include <ATen/ATen.h>

#include "ganymede/ops/conv.h"

namespace ganymede::ops {

at::Tensor grouped_conv2d(const at::Tensor& input, const at::Tensor& weight,
                          const std::optional<at::Tensor>& bias, int64_t stride, int64_t padding,
                          int64_t groups) {
  if (groups == 1) return conv2d(input, weight, bias, stride, padding);
  return at::conv2d(input, weight, bias, stride, padding, /*dilation=*/1, groups);
}

at::Tensor modulated_conv2d(const at::Tensor& input, const at::Tensor& weight,
                            const at::Tensor& styles, bool demodulate, int64_t padding) {
  constexpr double kEps = 1e-8;
  const at::Tensor modulated = input * styles.unsqueeze(2).unsqueeze(3);
  const at::Tensor sums = conv2d(modulated, weight, {}, /*stride=*/1, padding);
  if (!demodulate) return sums;
  const at::Tensor squares = styles.square().mm(weight.square().sum({2, 3}).t());  // [N, O]
  return sums * (squares + kEps).rsqrt().unsqueeze(2).unsqueeze(3);
}

}  // namespace ganymede::ops
