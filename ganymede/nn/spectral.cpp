#include "ganymede/nn/spectral.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include "ganymede/ops/conv.h"
#include "ganymede/ops/linear.h"
#include "ganymede/ops/weight_cache.h"

namespace ganymede::nn {
namespace {

constexpr double kTiny = 1e-12;

at::Tensor unit(const at::Tensor& vector) { return vector / vector.norm().clamp_min(kTiny); }

std::optional<at::Tensor> maybe(const at::Tensor* tensor) {
  return tensor == nullptr ? std::nullopt : std::optional<at::Tensor>(*tensor);
}

bool u_moves(const Module& module) {
  return ForwardScope::mode() == Mode::kTrain && !module.frozen();
}

}  // namespace

at::Tensor SpectralWeight::compute(bool moves) {
  const at::Tensor matrix = weight_->flatten(1);
  at::Tensor u;
  at::Tensor v;
  {
    const at::NoGradGuard no_grad;
    v = unit(at::mv(matrix.t(), *u_));
    u = unit(at::mv(matrix, v));
    if (moves) u_->copy_(u);
  }
  return *weight_ / at::dot(u, at::mv(matrix, v));
}

at::Tensor SpectralWeight::normalized(bool moves) {
  const bool constant = !moves && !(weight_->requires_grad() && at::GradMode::is_enabled());
  const bool plain = weight_->is_cpu() && weight_->scalar_type() == at::kFloat;
  if (!constant || !plain) return compute(moves);
  // The order of sums, and with it the last bits, may follow the number of threads.
  const uint64_t version = (ops::weight_version(*weight_) * 31 + ops::weight_version(*u_)) * 31 +
                           static_cast<uint64_t>(at::get_num_threads());
  const std::scoped_lock lock(mutex_);
  if (!kept_.defined() || kept_version_ != version) {
    kept_ = compute(/*moves=*/false).detach();
    kept_version_ = version;
  }
  return kept_;
}

SpectralConv2d::SpectralConv2d(int64_t in, int64_t out, const ConvOptions& options)
    : options_(options),
      weight_(&parameter(
                  "weight", {out, in, options.kernel, options.kernel},
                  options.weight_init.value_or(Init::fan_in(in * options.kernel * options.kernel))),
              &buffer("u", {out}, 1)) {
  const Init usual = Init::fan_in(in * options.kernel * options.kernel);
  if (options.bias) bias_ = &parameter("bias", {out}, options.bias_init.value_or(usual));
}

at::Tensor SpectralConv2d::forward(const at::Tensor& input) {
  const at::Tensor weight = weight_.normalized(u_moves(*this));
  switch (options_.resample) {
    case ConvResample::kUpBefore:
      return ops::upsample_conv2d(input, weight, maybe(bias_));
    case ConvResample::kMeanAfter:
      return ops::conv2d_pool(input, weight, maybe(bias_));
    case ConvResample::kNone:
      break;
  }
  return ops::conv2d(input, weight, maybe(bias_), options_.stride, options_.padding);
}

SpectralLinear::SpectralLinear(int64_t in, int64_t out, const LinearOptions& options)
    : weight_(&parameter("weight", {out, in}, options.weight_init.value_or(Init::fan_in(in))),
              &buffer("u", {out}, 1)) {
  if (options.bias) {
    bias_ = &parameter("bias", {out}, options.bias_init.value_or(Init::fan_in(in)));
  }
}

at::Tensor SpectralLinear::forward(const at::Tensor& input) {
  return ops::linear(input, weight_.normalized(u_moves(*this)),
                     bias_ == nullptr ? at::Tensor() : *bias_);
}

SpectralEmbedding::SpectralEmbedding(int64_t classes, int64_t dim)
    : weight_(&parameter("weight", {classes, dim}, Init::glorot_uniform(classes, dim)),
              &buffer("u", {classes}, 1)) {}

at::Tensor SpectralEmbedding::forward(const at::Tensor& labels) {
  return weight_.normalized(u_moves(*this)).index_select(0, labels.to(weight_.device()));
}

ModulePtr spectral_conv(int64_t in, int64_t out, const ConvOptions& options) {
  return std::make_shared<SpectralConv2d>(in, out, options);
}

ModulePtr spectral_linear(int64_t in, int64_t out, const LinearOptions& options) {
  return std::make_shared<SpectralLinear>(in, out, options);
}

ModulePtr spectral_embedding(int64_t classes, int64_t dim) {
  return std::make_shared<SpectralEmbedding>(classes, dim);
}

}  // namespace ganymede::nn
