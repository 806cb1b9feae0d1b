#include "ganymede/ops/batch_norm.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/custom_function.h>

#include "ganymede/core/levers.h"
#include "ganymede/ops/norm/batch_norm.h"
#include "ganymede/ops/pool.h"

namespace ganymede::ops {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

NormProblem problem_of(const at::Tensor& input, double slope) {
  return {.batch = input.size(0),
          .channels = input.size(1),
          .pixels = input.numel() / (input.size(0) * input.size(1)),
          .slope = static_cast<float>(slope)};
}

// [C] -> [1, C, 1, ...] for an input [N, C, ...].
at::Tensor per_channel(const at::Tensor& values, const at::Tensor& input) {
  std::vector<int64_t> shape(static_cast<size_t>(input.dim()), 1);
  shape[1] = -1;
  return values.view(shape);
}

// All dimensions but the channels.
std::vector<int64_t> pixel_dims(const at::Tensor& input) {
  std::vector<int64_t> dims = {0};
  for (int64_t d = 2; d < input.dim(); ++d) dims.push_back(d);
  return dims;
}

// The derivative in operators that are themselves differentiable.
variable_list composed_backward(const at::Tensor& x, const at::Tensor& weight,
                                const at::Tensor& bias, const at::Tensor& gradient, double eps,
                                double slope) {
  const std::vector<int64_t> dims = pixel_dims(x);
  const at::Tensor centered = x - x.mean(dims, true);
  const at::Tensor inverse = (centered.square().mean(dims, true) + eps).rsqrt();
  const at::Tensor normal = centered * inverse;
  const at::Tensor z = normal * per_channel(weight, x) + per_channel(bias, x);
  const at::Tensor g = at::where(z.detach() > 0, gradient, gradient * slope);
  const at::Tensor inner = g - g.mean(dims, true) - normal * (g * normal).mean(dims, true);
  return {per_channel(weight, x) * inverse * inner, (g * normal).sum(dims), g.sum(dims)};
}

class TrainedNorm : public Function<TrainedNorm> {
 public:
  // Gives y, the batch's mean and its variance.
  static variable_list forward(AutogradContext* context, const at::Tensor& x,
                               const at::Tensor& weight, const at::Tensor& bias, double eps,
                               double slope) {
    const at::Tensor mean = at::empty({x.size(1)}, x.options());
    const at::Tensor variance = at::empty_like(mean);
    at::Tensor y = at::empty_like(x);
    batch_norm_forward(
        problem_of(x, slope),
        {x.const_data_ptr<float>(), weight.const_data_ptr<float>(), bias.const_data_ptr<float>(),
         eps, mean.data_ptr<float>(), variance.data_ptr<float>(), y.data_ptr<float>()},
        pool_executor_for(x.numel()));
    context->save_for_backward({x, weight, bias, mean, variance});
    context->saved_data["eps"] = eps;
    context->saved_data["slope"] = slope;
    context->mark_non_differentiable({mean, variance});
    return {y, mean, variance};
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const double eps = context->saved_data["eps"].toDouble();
    const double slope = context->saved_data["slope"].toDouble();
    variable_list of =
        at::GradMode::is_enabled()
            ? composed_backward(saved[0], saved[1], saved[2], gradients[0], eps, slope)
            : fused_backward(saved, gradients[0].contiguous(), eps, slope,
                             context->needs_input_grad(0));
    of.resize(5);
    return of;
  }

 private:
  static variable_list fused_backward(const variable_list& saved, const at::Tensor& gradient,
                                      double eps, double slope, bool of_input) {
    const at::Tensor of_x = of_input ? at::empty_like(saved[0]) : at::Tensor();
    const at::Tensor of_weight = at::empty_like(saved[1]);
    const at::Tensor of_bias = at::empty_like(saved[2]);
    batch_norm_backward(problem_of(saved[0], slope),
                        {saved[0].const_data_ptr<float>(), gradient.const_data_ptr<float>(),
                         saved[1].const_data_ptr<float>(), saved[2].const_data_ptr<float>(),
                         saved[3].const_data_ptr<float>(), saved[4].const_data_ptr<float>(), eps,
                         of_input ? of_x.data_ptr<float>() : nullptr, of_weight.data_ptr<float>(),
                         of_bias.data_ptr<float>()},
                        pool_executor_for(saved[0].numel()));
    return {of_x, of_weight, of_bias};
  }
};

bool usable(const at::Tensor& tensor) {
  return tensor.device().is_cpu() && tensor.scalar_type() == at::kFloat &&
         tensor.layout() == at::kStrided;
}

bool fits(const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias) {
  return is_on(Lever::kFusedNorm) && input.dim() >= 4 && input.numel() > 0 &&
         input.numel() / (input.size(0) * input.size(1)) >= kFewestPixels && usable(input) &&
         usable(weight) && usable(bias) && weight.sizes() == at::IntArrayRef{input.size(1)} &&
         bias.sizes() == weight.sizes();
}

at::Tensor trained(const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias,
                   const BatchNormBuffers& buffers, double slope) {
  const variable_list results = TrainedNorm::apply(input.contiguous(), weight.contiguous(),
                                                   bias.contiguous(), buffers.eps, slope);
  if (buffers.mean.defined()) {
    const at::NoGradGuard no_grad;
    const int64_t count = input.numel() / input.size(1);
    const auto values = static_cast<double>(count);
    buffers.mean.lerp_(results[1], buffers.momentum);
    buffers.variance.lerp_(results[2] * (values / (values - 1)), buffers.momentum);
  }
  return results[0];
}

at::Tensor evaluated(const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias,
                     const BatchNormBuffers& buffers, double slope) {
  const at::Tensor x = input.contiguous();
  const auto [scale, shift] = scale_and_shift(weight, bias, buffers);
  at::Tensor y = at::empty_like(x);
  scale_shift(problem_of(x, slope), x.const_data_ptr<float>(), scale.const_data_ptr<float>(),
              shift.const_data_ptr<float>(), y.data_ptr<float>(), pool_executor_for(x.numel()));
  return y;
}

at::Tensor by_libtorch(const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias,
                       const BatchNormBuffers& buffers, double slope) {
  const auto maybe = [](const at::Tensor& tensor) {
    return tensor.defined() ? std::optional<at::Tensor>(tensor) : std::nullopt;
  };
  at::Tensor z =
      at::batch_norm(input, weight, bias, maybe(buffers.mean), maybe(buffers.variance),
                     buffers.train, buffers.momentum, buffers.eps, /*cudnn_enabled=*/true);
  if (slope == 1) return z;
  return slope == 0 ? at::relu_(z) : at::leaky_relu_(z, slope);
}

}  // namespace

std::pair<at::Tensor, at::Tensor> scale_and_shift(const at::Tensor& weight, const at::Tensor& bias,
                                                  const BatchNormBuffers& buffers) {
  const at::Tensor scale = weight * (buffers.variance + buffers.eps).rsqrt();
  return {scale, bias - buffers.mean * scale};
}

at::Tensor batch_norm_act(const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias,
                          const BatchNormBuffers& buffers, double slope) {
  if (!fits(input, weight, bias)) return by_libtorch(input, weight, bias, buffers, slope);
  if (buffers.train) return trained(input, weight, bias, buffers, slope);
  const bool gradient = at::GradMode::is_enabled() &&
                        (input.requires_grad() || weight.requires_grad() || bias.requires_grad());
  return gradient ? by_libtorch(input, weight, bias, buffers, slope)
                  : evaluated(input, weight, bias, buffers, slope);
}

}  // namespace ganymede::ops
