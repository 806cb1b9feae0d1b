#include "ganymede/nn/attention.h"

#include <ATen/ATen.h>

#include <algorithm>

namespace ganymede::nn {
namespace {

ModulePtr mix(const ConvMaker& conv, int64_t in, int64_t out) {
  return conv(in, out, {.kernel = 1, .bias = false, .weight_init = Init::glorot_uniform(in, out)});
}

}  // namespace

SelfAttention::SelfAttention(int64_t channels, const ConvMaker& conv)
    : theta_(child("theta", mix(conv, channels, std::max<int64_t>(channels / 8, 1)))),
      phi_(child("phi", mix(conv, channels, std::max<int64_t>(channels / 8, 1)))),
      g_(child("g", mix(conv, channels, std::max<int64_t>(channels / 2, 1)))),
      o_(child("o", mix(conv, std::max<int64_t>(channels / 2, 1), channels))),
      gamma_(&parameter("gamma", {1}, Init::constant(0))) {}

at::Tensor SelfAttention::forward(const at::Tensor& input) {
  const int64_t height = input.size(2);
  const int64_t width = input.size(3);
  const at::Tensor queries = theta_(input).flatten(2);                // [N, C/8, HW]
  const at::Tensor keys = at::max_pool2d(phi_(input), 2).flatten(2);  // [N, C/8, HW/4]
  const at::Tensor values = at::max_pool2d(g_(input), 2).flatten(2);  // [N, C/2, HW/4]
  const at::Tensor shares = at::softmax(at::bmm(queries.transpose(1, 2), keys), -1);
  const at::Tensor seen = at::bmm(values, shares.transpose(1, 2));  // [N, C/2, HW]
  return input + *gamma_ * o_(seen.reshape({input.size(0), -1, height, width}));
}

ModulePtr self_attention(int64_t channels, const ConvMaker& conv) {
  return std::make_shared<SelfAttention>(channels, conv);
}

}  // namespace ganymede::nn
