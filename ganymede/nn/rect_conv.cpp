#include "ganymede/nn/rect_conv.h"

#include <ATen/ATen.h>

namespace ganymede::nn {

RectConv::RectConv(int64_t in, int64_t out, const RectConvOptions& options) : options_(options) {
  const Init init = Init::fan_in(in * options.kernel[0] * options.kernel[1]);
  weight_ = &parameter("weight", {out, in, options.kernel[0], options.kernel[1]},
                       options.weight_init.value_or(init));
  bias_ = &parameter("bias", {out}, options.bias_init.value_or(init));
}

at::Tensor RectConv::forward(const at::Tensor& input) {
  return at::conv2d(input, *weight_, *bias_, options_.stride);
}

at::Tensor RectConv::forward(const at::Tensor& input, const at::Tensor& values) {
  if (values.size(1) == 0) return forward(input);
  const int64_t maps = input.size(1);
  const at::Tensor of_planes = weight_->narrow(1, maps, values.size(1)).sum({2, 3});
  return at::conv2d(input, weight_->narrow(1, 0, maps), *bias_, options_.stride) +
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
  return at::conv_transpose2d(input, *weight_, *bias_, options_.stride);
}

ModulePtr rect_conv(int64_t in, int64_t out, const RectConvOptions& options) {
  return std::make_shared<RectConv>(in, out, options);
}

ModulePtr rect_conv_transpose(int64_t in, int64_t out, const RectConvOptions& options) {
  return std::make_shared<RectConvTranspose>(in, out, options);
}

}  // namespace ganymede::nn
