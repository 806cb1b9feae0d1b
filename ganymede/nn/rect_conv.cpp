#include "ganymede/nn/rect_conv.h"

#include <ATen/ATen.h>

namespace ganymede::nn {
namespace {

// A kernel as wide as its input is one product for all rows, many times faster than the engine's
// convolution (measured at 2 x 128: 0.6 ms instead of 26 ms).
at::Tensor convolve(const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias,
                    at::IntArrayRef stride) {
  if (weight.size(3) != input.size(3)) return at::conv2d(input, weight, bias, stride);
  const at::Tensor windows = input.unfold(2, weight.size(2), stride[0]).permute({0, 2, 1, 4, 3});
  return at::linear(windows.flatten(2), weight.flatten(1), bias).transpose(1, 2).unsqueeze(3);
}

}  // namespace

RectConv::RectConv(int64_t in, int64_t out, const RectConvOptions& options) : options_(options) {
  const Init init = Init::fan_in(in * options.kernel[0] * options.kernel[1]);
  weight_ = &parameter("weight", {out, in, options.kernel[0], options.kernel[1]},
                       options.weight_init.value_or(init));
  bias_ = &parameter("bias", {out}, options.bias_init.value_or(init));
}

at::Tensor RectConv::forward(const at::Tensor& input) {
  return convolve(input, *weight_, *bias_, options_.stride);
}

at::Tensor RectConv::forward(const at::Tensor& input, const at::Tensor& values) {
  if (values.size(1) == 0) return forward(input);
  const int64_t maps = input.size(1);
  const at::Tensor of_planes = weight_->narrow(1, maps, values.size(1)).sum({2, 3});
  return convolve(input, weight_->narrow(1, 0, maps), *bias_, options_.stride) +
         at::linear(values, of_planes).unsqueeze(2).unsqueeze(3);
}

RectConvTranspose::RectConvTranspose(int64_t in, int64_t out, const RectConvOptions& options)
    : options_(options) {
  // PyTorch takes the second dimension of the weight for fan-in here.
  const Init init = Init::fan_in(out * options.kernel[0] * options.kernel[1]);
  weight_ = &parameter("weight", {in, out, options.kernel[0], options.kernel[1]},
                       options.weight_init.value_or(init));
  bias_ = &parameter("bias", {out}, options.bias_init.value_or(init));
}

at::Tensor RectConvTranspose::forward(const at::Tensor& input) {
  const auto [height, width] = options_.kernel;
  if (input.size(3) != 1 || options_.stride[0] != height)
    return at::conv_transpose2d(input, *weight_, *bias_, options_.stride);
  // Kernels that do not overlap: each row makes its own part, by one product for all.
  const int64_t rows = input.size(2), out = bias_->size(0);
  return at::matmul(input.squeeze(3).transpose(1, 2), weight_->flatten(1))
             .view({input.size(0), rows, out, height, width})
             .permute({0, 2, 1, 3, 4})
             .reshape({input.size(0), out, rows * height, width}) +
         bias_->view({1, out, 1, 1});
}

ModulePtr rect_conv(int64_t in, int64_t out, const RectConvOptions& options) {
  return std::make_shared<RectConv>(in, out, options);
}

ModulePtr rect_conv_transpose(int64_t in, int64_t out, const RectConvOptions& options) {
  return std::make_shared<RectConvTranspose>(in, out, options);
}

}  // namespace ganymede::nn
