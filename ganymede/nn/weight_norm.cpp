#include "ganymede/nn/weight_norm.h"

#include <ATen/ATen.h>

#include "ganymede/nn/data_init.h"
#include "ganymede/ops/conv.h"
#include "ganymede/ops/linear.h"

namespace ganymede::nn {
namespace {

constexpr double kDeviation = 0.05;
constexpr double kEps = 1e-6;  // within the square root, as in the authors' code

// Every dimension of a tensor of `dims` but one.
std::vector<int64_t> all_but(int64_t dims, int64_t kept) {
  std::vector<int64_t> rest;
  for (int64_t d = 0; d < dims; ++d) {
    if (d != kept) rest.push_back(d);
  }
  return rest;
}

// [C] as a tensor of `dims` dimensions whose size is C at `at_dim` and 1 elsewhere.
at::Tensor along(const at::Tensor& values, int64_t dims, int64_t at_dim) {
  std::vector<int64_t> shape(static_cast<size_t>(dims), 1);
  shape[static_cast<size_t>(at_dim)] = values.size(0);
  return values.view(shape);
}

}  // namespace

WeightNorm::WeightNorm(std::vector<int64_t> shape, int64_t out_dim, Operator apply,
                       const WeightNormOptions& options)
    : out_dim_(out_dim), apply_(std::move(apply)), options_(options) {
  const int64_t out = shape[static_cast<size_t>(out_dim)];
  direction_ = &parameter("v", shape, Init::normal(0, kDeviation));
  gain_ =
      options.train_gain ? &parameter("gain", {out}, Init::constant(1)) : &buffer("gain", {out}, 1);
  bias_ = &parameter("bias", {out}, Init::constant(0));
}

at::Tensor WeightNorm::weight() const {
  const int64_t dims = direction_->dim();
  const at::Tensor norm =
      (direction_->square().sum(all_but(dims, out_dim_), /*keepdim=*/true) + kEps).sqrt();
  return *direction_ * (along(*gain_, dims, out_dim_) / norm);
}

at::Tensor WeightNorm::forward(const at::Tensor& input) {
  const at::Tensor output = apply_(input, weight());
  if (DataInit::active()) return initialise(output);
  return output + along(*bias_, output.dim(), 1);
}

at::Tensor WeightNorm::initialise(const at::Tensor& output) {
  const std::vector<int64_t> rest = all_but(output.dim(), 1);
  const at::Tensor mean = output.mean(rest);
  const at::Tensor centred = output - along(mean, output.dim(), 1);
  // A constant output has no size to correct.
  const at::Tensor scale = options_.init_deviation / (centred.square().mean(rest) + kEps).sqrt();
  gain_->mul_(scale);
  bias_->copy_(-mean * scale);
  return centred * along(scale, output.dim(), 1);
}

ModulePtr weight_norm_linear(int64_t in, int64_t out, const WeightNormOptions& options) {
  return std::make_shared<WeightNorm>(
      std::vector<int64_t>{out, in}, 0,
      [](const at::Tensor& x, const at::Tensor& w) { return ops::linear(x, w, {}); }, options);
}

ModulePtr weight_norm_conv(int64_t in, int64_t out, const ConvOptions& conv,
                           const WeightNormOptions& options) {
  return std::make_shared<WeightNorm>(
      std::vector<int64_t>{out, in, conv.kernel, conv.kernel}, 0,
      [conv](const at::Tensor& x, const at::Tensor& w) {
        return ops::conv2d(x, w, std::nullopt, conv.stride, conv.padding);
      },
      options);
}

ModulePtr weight_norm_conv_transpose(int64_t in, int64_t out, const ConvOptions& conv,
                                     const WeightNormOptions& options) {
  return std::make_shared<WeightNorm>(
      std::vector<int64_t>{in, out, conv.kernel, conv.kernel}, 1,
      [conv](const at::Tensor& x, const at::Tensor& w) {
        return ops::conv_transpose2d(x, w, std::nullopt, conv.stride, conv.padding,
                                     conv.output_padding);
      },
      options);
}

}  // namespace ganymede::nn
