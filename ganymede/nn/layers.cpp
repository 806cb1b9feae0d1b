#include "ganymede/nn/layers.h"

#include <ATen/ATen.h>
#include <ATen/autocast_mode.h>
#include <ATen/core/grad_mode.h>

#include "ganymede/core/device.h"
#include "ganymede/core/error.h"
#include "ganymede/core/levers.h"
#include "ganymede/ops/batch_norm.h"
#include "ganymede/ops/conv.h"
#include "ganymede/ops/linear.h"

namespace ganymede::nn {
namespace {

std::optional<at::Tensor> maybe(const at::Tensor* tensor) {
  return tensor == nullptr ? std::nullopt : std::optional<at::Tensor>(*tensor);
}

void check_resample(const ConvOptions& options) {
  const bool usual = options.kernel == 3 && options.stride == 1 && options.padding == 1;
  if (usual || options.resample == ConvResample::kNone) return;
  throw UsageError({.where = "nn::Conv2d",
                    .found = "resampling with a kernel of " + std::to_string(options.kernel) +
                             ", stride " + std::to_string(options.stride) + ", padding " +
                             std::to_string(options.padding),
                    .allowed = "kernel 3, stride 1, padding 1"});
}

int64_t batch_values(const at::Tensor& input) { return input.numel() / input.size(1); }

// [C] -> [1, C, 1, 1] for an input [N, C, H, W].
at::Tensor per_channel(const at::Tensor& values, const at::Tensor& input) {
  std::vector<int64_t> shape(static_cast<size_t>(input.dim()), 1);
  shape[1] = values.size(0);
  return values.view(shape);
}

// Whether nobody wants a derivative of what is made of x, and own kernels can take it.
bool only_evaluates(const at::Tensor& x) {
  return ForwardScope::mode() == Mode::kEvaluate && !at::GradMode::is_enabled() && x.dim() == 4 &&
         x.device().is_cpu() && x.scalar_type() == at::kFloat && is_on(Lever::kFusedNorm) &&
         !at::autocast::is_autocast_enabled(at::kCPU);
}

ops::ConvFinish finish_of(const at::Tensor* bias, const BatchNorm* norm, double slope) {
  const at::Tensor shift = bias == nullptr ? at::Tensor() : *bias;
  return norm == nullptr ? ops::ConvFinish{.shift = shift, .slope = slope}
                         : norm->finish(shift, slope);
}

}  // namespace

Sequential::Sequential(std::initializer_list<ModulePtr> modules) {
  for (const ModulePtr& module : modules) push(module);
}

void Sequential::push(ModulePtr module) {
  if (!module) return;
  child(std::to_string(modules_.size()), module);
  modules_.push_back(std::move(module));
}

at::Tensor run_in_order(const std::vector<ModulePtr>& modules, size_t count,
                        const at::Tensor& input) {
  at::Tensor x = input;
  size_t i = 0;
  const auto take = [&]<typename M>(M*) -> M* {
    M* found = i < count ? dynamic_cast<M*>(modules[i].get()) : nullptr;
    i += found == nullptr ? 0 : 1;
    return found;
  };
  while (i < count) {
    const bool evaluates = only_evaluates(x);
    auto* conv = evaluates ? take(static_cast<Conv2d*>(nullptr)) : nullptr;
    auto* transposed =
        evaluates && conv == nullptr ? take(static_cast<ConvTranspose2d*>(nullptr)) : nullptr;
    auto* norm = take(static_cast<BatchNorm*>(nullptr));
    const bool fused = conv != nullptr || transposed != nullptr || norm != nullptr;
    auto* relu = fused ? take(static_cast<LeakyRelu*>(nullptr)) : nullptr;
    const double slope = relu == nullptr ? 1 : relu->slope();
    if (conv != nullptr) {
      x = conv->evaluate(x, norm, slope);
    } else if (transposed != nullptr) {
      x = transposed->evaluate(x, norm, slope);
    } else if (norm != nullptr) {
      x = norm->forward(x, slope);
    } else {
      x = modules[i++]->forward(x);
    }
  }
  return x;
}

at::Tensor Sequential::forward(const at::Tensor& input) {
  return run_in_order(modules_, modules_.size(), input);
}

at::Tensor Sequential::features(const at::Tensor& input) {
  const size_t count = modules_.empty() ? 0 : modules_.size() - 1;
  return run_in_order(modules_, count, input).flatten(1);
}

Linear::Linear(int64_t in, int64_t out, const LinearOptions& options)
    : weight_(&parameter("weight", {out, in}, options.weight_init.value_or(Init::fan_in(in)))) {
  if (options.bias) {
    bias_ = &parameter("bias", {out}, options.bias_init.value_or(Init::fan_in(in)));
  }
}

at::Tensor Linear::forward(const at::Tensor& input) {
  return ops::linear(input, *weight_, bias_ == nullptr ? at::Tensor() : *bias_);
}

Maxout::Maxout(int64_t in, int64_t out, int64_t pieces, const LinearOptions& options)
    : out_(out),
      pieces_(pieces),
      linear_(child("linear", std::make_shared<Linear>(in, out * pieces, options))) {}

at::Tensor Maxout::forward(const at::Tensor& input) {
  return std::get<0>(linear_(input).view({input.size(0), out_, pieces_}).max(-1));
}

Conv2d::Conv2d(int64_t in, int64_t out, const ConvOptions& options) : options_(options) {
  check_resample(options);
  const Init usual = Init::fan_in(in * options.kernel * options.kernel);
  weight_ = &parameter("weight", {out, in, options.kernel, options.kernel},
                       options.weight_init.value_or(usual));
  if (options.bias) bias_ = &parameter("bias", {out}, options.bias_init.value_or(usual));
}

at::Tensor Conv2d::forward(const at::Tensor& input) {
  switch (options_.resample) {
    case ConvResample::kUpBefore:
      return ops::upsample_conv2d(input, *weight_, maybe(bias_));
    case ConvResample::kMeanAfter:
      return ops::conv2d_pool(input, *weight_, maybe(bias_));
    case ConvResample::kNone:
      break;
  }
  return ops::conv2d(input, *weight_, maybe(bias_), options_.stride, options_.padding);
}

at::Tensor Conv2d::evaluate(const at::Tensor& input, const BatchNorm* norm, double slope) {
  const ops::ConvFinish finish = finish_of(bias_, norm, slope);
  switch (options_.resample) {
    case ConvResample::kUpBefore:
      return ops::finished_upsample_conv2d(input, *weight_, finish);
    case ConvResample::kMeanAfter:
      return ops::finished(ops::conv2d_pool(input, *weight_, {}), finish);
    case ConvResample::kNone:
      break;
  }
  return ops::finished_conv2d(input, *weight_, finish, options_.stride, options_.padding);
}

ConvTranspose2d::ConvTranspose2d(int64_t in, int64_t out, const ConvOptions& options)
    : options_(options) {
  // PyTorch counts the fan-in of a transposed convolution over its output channels.
  const Init usual = Init::fan_in(out * options.kernel * options.kernel);
  weight_ = &parameter("weight", {in, out, options.kernel, options.kernel},
                       options.weight_init.value_or(usual));
  if (options.bias) bias_ = &parameter("bias", {out}, options.bias_init.value_or(usual));
}

at::Tensor ConvTranspose2d::forward(const at::Tensor& input) {
  return ops::conv_transpose2d(input, *weight_, maybe(bias_), options_.stride, options_.padding,
                               options_.output_padding);
}

at::Tensor ConvTranspose2d::evaluate(const at::Tensor& input, const BatchNorm* norm, double slope) {
  return ops::finished_conv_transpose2d(input, *weight_, finish_of(bias_, norm, slope),
                                        options_.stride, options_.padding, options_.output_padding);
}

BatchNorm::BatchNorm(int64_t channels, const BatchNormOptions& options)
    : options_(options),
      weight_(&parameter("weight", {channels}, options.weight_init)),
      bias_(&parameter("bias", {channels}, Init::constant(0))),
      running_mean_(&buffer("running_mean", {channels}, 0)),
      running_var_(&buffer("running_var", {channels}, 1)) {}

at::Tensor BatchNorm::forward(const at::Tensor& input, double slope) {
  const bool train = ForwardScope::mode() == Mode::kTrain;
  if (train && batch_values(input) < 2) {
    throw UsageError({.where = "nn::BatchNorm",
                      .found = "one value per channel has no variance to train with",
                      .allowed = "a batch of 2 or more samples",
                      .remedy = "raise train.batch"});
  }
  const bool with_running = !train || !frozen();
  return ops::batch_norm_act(input, *weight_, *bias_,
                             {.mean = with_running ? *running_mean_ : at::Tensor(),
                              .variance = with_running ? *running_var_ : at::Tensor(),
                              .train = train,
                              .momentum = options_.momentum,
                              .eps = options_.eps},
                             slope);
}

ops::ConvFinish BatchNorm::finish(const at::Tensor& bias, double slope) const {
  const at::Tensor mean = bias.defined() ? *running_mean_ - bias : *running_mean_;
  const auto [scale, shift] = ops::scale_and_shift(
      *weight_, *bias_, {.mean = mean, .variance = *running_var_, .eps = options_.eps});
  return {.scale = scale, .shift = shift, .slope = slope};
}

LayerNorm::LayerNorm(int64_t channels, double eps)
    : eps_(eps),
      weight_(&parameter("weight", {channels}, Init::constant(1))),
      bias_(&parameter("bias", {channels}, Init::constant(0))) {}

at::Tensor LayerNorm::forward(const at::Tensor& input) {
  const at::Tensor normal = at::layer_norm(input, input.sizes().slice(1), {}, {}, eps_);
  return at::addcmul(per_channel(*bias_, input), normal, per_channel(*weight_, input));
}

Dropout::Dropout(double keep, std::optional<double> scale)
    : keep_(keep), scale_(scale.value_or(1 / keep)) {
  if (!(keep > 0 && keep <= 1)) {
    throw UsageError({.where = "nn::Dropout",
                      .found = "keep probability " + std::to_string(keep),
                      .allowed = "above 0, at most 1"});
  }
}

at::Tensor Dropout::forward(const at::Tensor& input) {
  if (ForwardScope::mode() != Mode::kTrain) return input;
  const at::Tensor mask =
      to_device(ForwardScope::random().bernoulli(input.sizes(), keep_), input.device());
  return input * (mask * scale_).to(input.scalar_type());
}

at::Tensor LeakyRelu::forward(const at::Tensor& input) {
  if (!in_place_) return slope_ == 0 ? at::relu(input) : at::leaky_relu(input, slope_);
  at::Tensor x = input;
  return slope_ == 0 ? at::relu_(x) : at::leaky_relu_(x, slope_);
}

Function::Function(std::function<at::Tensor(const at::Tensor&)> function)
    : function_(std::move(function)) {}

at::Tensor Function::forward(const at::Tensor& input) { return function_(input); }

ModulePtr linear(int64_t in, int64_t out, const LinearOptions& options) {
  return std::make_shared<Linear>(in, out, options);
}

ModulePtr maxout(int64_t in, int64_t out, int64_t pieces, const LinearOptions& options) {
  return std::make_shared<Maxout>(in, out, pieces, options);
}

ModulePtr conv(int64_t in, int64_t out, const ConvOptions& options) {
  return std::make_shared<Conv2d>(in, out, options);
}

ModulePtr conv_transpose(int64_t in, int64_t out, const ConvOptions& options) {
  return std::make_shared<ConvTranspose2d>(in, out, options);
}

ModulePtr batch_norm(int64_t channels, const BatchNormOptions& options) {
  return std::make_shared<BatchNorm>(channels, options);
}

ModulePtr layer_norm(int64_t channels) { return std::make_shared<LayerNorm>(channels); }

ModulePtr dropout(double keep, std::optional<double> scale) {
  return std::make_shared<Dropout>(keep, scale);
}

}  // namespace ganymede::nn
