#include "ganymede/ops/conv.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>

#include "ganymede/ops/conv_form.h"

namespace ganymede::ops {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;
using winograd::Family;
using winograd::Problem;

// The trilinear form T(image, weight, map) of winograd/engine.h is the inner product of each
// operator's result with its third tensor. So the derivatives of each operator are the two others,
// and derivatives of every order need nothing else.
at::Tensor forward_of(const at::Tensor& image, const at::Tensor& weight,
                      const std::optional<at::Tensor>& bias, Family family);
at::Tensor transposed_of(const at::Tensor& map, const at::Tensor& weight,
                         const std::optional<at::Tensor>& bias, Family family, int64_t height,
                         int64_t width);
at::Tensor weight_gradient_of(const at::Tensor& image, const at::Tensor& map, Family family);

Family saved_family(AutogradContext* context) {
  return static_cast<Family>(context->saved_data["family"].toInt());
}

at::Tensor bias_gradient(AutogradContext* context, const at::Tensor& gradient) {
  if (!context->saved_data["bias"].toBool() || !context->needs_input_grad(2)) return {};
  return gradient.sum({0, 2, 3});
}

class Forward : public Function<Forward> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& image,
                            const at::Tensor& weight, const std::optional<at::Tensor>& bias,
                            int64_t family) {
    context->save_for_backward({image, weight});
    context->saved_data["family"] = family;
    context->saved_data["bias"] = bias.has_value();
    return form_forward(static_cast<Family>(family), image, weight, bias);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor& image = saved[0];
    const at::Tensor gradient = gradients[0].contiguous();
    const Family family = saved_family(context);
    at::Tensor of_image;
    at::Tensor of_weight;
    if (context->needs_input_grad(0)) {
      of_image = transposed_of(gradient, saved[1], {}, family, image.size(2), image.size(3));
    }
    if (context->needs_input_grad(1)) of_weight = weight_gradient_of(image, gradient, family);
    return {of_image, of_weight, bias_gradient(context, gradient), {}};
  }
};

class Transposed : public Function<Transposed> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& map,
                            const at::Tensor& weight, const std::optional<at::Tensor>& bias,
                            int64_t family, int64_t height, int64_t width) {
    context->save_for_backward({map, weight});
    context->saved_data["family"] = family;
    context->saved_data["bias"] = bias.has_value();
    return form_transposed(static_cast<Family>(family), map, weight, bias, height, width);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor gradient = gradients[0].contiguous();
    const Family family = saved_family(context);
    at::Tensor of_map;
    at::Tensor of_weight;
    if (context->needs_input_grad(0)) of_map = forward_of(gradient, saved[1], {}, family);
    if (context->needs_input_grad(1)) of_weight = weight_gradient_of(gradient, saved[0], family);
    return {of_map, of_weight, bias_gradient(context, gradient), {}, {}, {}};
  }
};

class WeightGradient : public Function<WeightGradient> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& image,
                            const at::Tensor& map, int64_t family) {
    context->save_for_backward({image, map});
    context->saved_data["family"] = family;
    return form_weight_gradient(static_cast<Family>(family), image, map);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor& image = saved[0];
    const at::Tensor gradient = gradients[0].contiguous();
    const Family family = saved_family(context);
    at::Tensor of_image;
    at::Tensor of_map;
    if (context->needs_input_grad(0)) {
      of_image = transposed_of(saved[1], gradient, {}, family, image.size(2), image.size(3));
    }
    if (context->needs_input_grad(1)) of_map = forward_of(image, gradient, {}, family);
    return {of_image, of_map, {}};
  }
};

at::Tensor forward_of(const at::Tensor& image, const at::Tensor& weight,
                      const std::optional<at::Tensor>& bias, Family family) {
  return Forward::apply(image, weight, bias, static_cast<int64_t>(family));
}

at::Tensor transposed_of(const at::Tensor& map, const at::Tensor& weight,
                         const std::optional<at::Tensor>& bias, Family family, int64_t height,
                         int64_t width) {
  return Transposed::apply(map, weight, bias, static_cast<int64_t>(family), height, width);
}

at::Tensor weight_gradient_of(const at::Tensor& image, const at::Tensor& map, Family family) {
  return WeightGradient::apply(image, map, static_cast<int64_t>(family));
}

bool plain(const at::Tensor& tensor) {
  return tensor.device().is_cpu() && tensor.scalar_type() == at::kFloat &&
         tensor.layout() == at::kStrided && tensor.numel() > 0;
}

// True for tensors that the engine can take: `channels_at` is the weight's dimension that must
// equal the input's channels, the other one the bias'.
bool fits(const at::Tensor& input, const at::Tensor& weight, const std::optional<at::Tensor>& bias,
          int64_t channels_at) {
  if (input.dim() != 4 || weight.dim() != 4 || !plain(input) || !plain(weight)) return false;
  if (input.size(1) != weight.size(channels_at) || weight.size(2) != weight.size(3)) return false;
  const bool with_bias = bias.has_value() && bias->defined();
  return !with_bias ||
         (plain(*bias) && bias->dim() == 1 && bias->size(0) == weight.size(1 - channels_at));
}

std::optional<Family> family_of(const at::Tensor& weight, int64_t stride, int64_t padding) {
  if (padding != 1) return std::nullopt;
  if (weight.size(2) == 3 && stride == 1) return Family::k3x3;
  if (weight.size(2) == 4 && stride == 2) return Family::k4x4;
  return std::nullopt;
}

// Whether the engine computes any part of the form: if not, LibTorch's own derivatives are better.
bool engine_wanted(Family family, const at::Tensor& weight, int64_t batch, int64_t height,
                   int64_t width) {
  if (family != Family::k3x3 && std::min(height, width) < 2) return false;
  const Problem problem{.family = family,
                        .batch = batch,
                        .channels = weight.size(1),
                        .filters = weight.size(0),
                        .height = height,
                        .width = width};
  return choose_conv(ConvPart::kForward, problem) != ConvChoice::kTorch ||
         choose_conv(ConvPart::kTransposed, problem) != ConvChoice::kTorch ||
         choose_conv(ConvPart::kWeightGradient, problem) != ConvChoice::kTorch;
}

std::optional<at::Tensor> contiguous_bias(const std::optional<at::Tensor>& bias) {
  if (!bias.has_value() || !bias->defined()) return std::nullopt;
  return bias->contiguous();
}

// The 4x4 kernel that a 3x3 one makes with a 2x2 square of ones.
at::Tensor spread(const at::Tensor& weight) {
  const at::Tensor wide = at::constant_pad_nd(weight, {1, 1, 1, 1});
  const at::Tensor columns = wide.slice(3, 0, 4) + wide.slice(3, 1, 5);
  return columns.slice(2, 0, 4) + columns.slice(2, 1, 5);
}

}  // namespace

at::Tensor conv2d(const at::Tensor& input, const at::Tensor& weight,
                  const std::optional<at::Tensor>& bias, int64_t stride, int64_t padding) {
  if (fits(input, weight, bias, 1)) {
    const auto family = family_of(weight, stride, padding);
    if (family && engine_wanted(*family, weight, input.size(0), input.size(2), input.size(3))) {
      return forward_of(input.contiguous(), weight.contiguous(), contiguous_bias(bias), *family);
    }
  }
  return at::conv2d(input, weight, bias, stride, padding);
}

at::Tensor conv_transpose2d(const at::Tensor& input, const at::Tensor& weight,
                            const std::optional<at::Tensor>& bias, int64_t stride, int64_t padding,
                            int64_t output_padding) {
  if (fits(input, weight, bias, 0) && output_padding >= 0 && output_padding < stride) {
    const auto family = family_of(weight, stride, padding);
    const int64_t height = stride * input.size(2) + output_padding;
    const int64_t width = stride * input.size(3) + output_padding;
    if (family && engine_wanted(*family, weight, input.size(0), height, width)) {
      return transposed_of(input.contiguous(), weight.contiguous(), contiguous_bias(bias), *family,
                           height, width);
    }
  }
  return at::conv_transpose2d(input, weight, bias, stride, padding, output_padding);
}

at::Tensor upsample_conv2d(const at::Tensor& input, const at::Tensor& weight,
                           const std::optional<at::Tensor>& bias) {
  if (fits(input, weight, bias, 1) && weight.size(2) == 3) {
    const at::Tensor turned = weight.transpose(0, 1);
    const int64_t height = 2 * input.size(2);
    const int64_t width = 2 * input.size(3);
    if (engine_wanted(Family::k4x4Shared, turned, input.size(0), height, width)) {
      return transposed_of(input.contiguous(), spread(turned.flip({2, 3})).contiguous(),
                           contiguous_bias(bias), Family::k4x4Shared, height, width);
    }
  }
  const at::Tensor wide = at::upsample_nearest2d(input, {2 * input.size(2), 2 * input.size(3)});
  return conv2d(wide, weight, bias, 1, 1);
}

at::Tensor conv2d_pool(const at::Tensor& input, const at::Tensor& weight,
                       const std::optional<at::Tensor>& bias) {
  if (fits(input, weight, bias, 1) && weight.size(2) == 3 &&
      engine_wanted(Family::k4x4Shared, weight, input.size(0), input.size(2), input.size(3))) {
    return forward_of(input.contiguous(), spread(weight * 0.25).contiguous(), contiguous_bias(bias),
                      Family::k4x4Shared);
  }
  return at::avg_pool2d(conv2d(input, weight, bias, 1, 1), 2);
}

}  // namespace ganymede::ops
