#include "ganymede/ops/conv.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>

#include "ganymede/core/levers.h"
#include "ganymede/ops/conv_form.h"
#include "ganymede/ops/linear.h"

namespace ganymede::ops {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

// The trilinear form T(image, weight, map) of winograd/engine.h is the inner product of each
// operator's result with its third tensor. So the derivatives of each operator are the two others,
// and derivatives of every order need nothing else.
at::Tensor forward_of(const at::Tensor& image, const at::Tensor& weight,
                      const std::optional<at::Tensor>& bias, const ConvGeometry& geometry);
at::Tensor transposed_of(const at::Tensor& map, const at::Tensor& weight,
                         const std::optional<at::Tensor>& bias, const ConvGeometry& geometry,
                         int64_t height, int64_t width);
at::Tensor weight_gradient_of(const at::Tensor& image, const at::Tensor& map,
                              const ConvGeometry& geometry);

void save_geometry(AutogradContext* context, const ConvGeometry& g) {
  context->saved_data["geometry"] =
      std::vector<int64_t>{g.kernel, g.stride, g.padding, g.shared_phases ? 1 : 0};
}

ConvGeometry saved_geometry(AutogradContext* context) {
  const std::vector<int64_t> g = context->saved_data["geometry"].toIntVector();
  return {.kernel = g[0], .stride = g[1], .padding = g[2], .shared_phases = g[3] != 0};
}

at::Tensor bias_gradient(AutogradContext* context, const at::Tensor& gradient) {
  if (!context->saved_data["bias"].toBool() || !context->needs_input_grad(2)) return {};
  return gradient.sum({0, 2, 3});
}

class Forward : public Function<Forward> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& image,
                            const at::Tensor& weight, const std::optional<at::Tensor>& bias,
                            const ConvGeometry& geometry) {
    context->save_for_backward({image, weight});
    save_geometry(context, geometry);
    context->saved_data["bias"] = bias.has_value();
    return form_forward(geometry, image, weight, {.shift = bias.value_or(at::Tensor())});
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor& image = saved[0];
    const at::Tensor gradient = gradients[0].contiguous();
    const ConvGeometry geometry = saved_geometry(context);
    at::Tensor of_image;
    at::Tensor of_weight;
    if (context->needs_input_grad(0)) {
      of_image = transposed_of(gradient, saved[1], {}, geometry, image.size(2), image.size(3));
    }
    if (context->needs_input_grad(1)) of_weight = weight_gradient_of(image, gradient, geometry);
    return {of_image, of_weight, bias_gradient(context, gradient), {}};
  }
};

class Transposed : public Function<Transposed> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& map,
                            const at::Tensor& weight, const std::optional<at::Tensor>& bias,
                            const ConvGeometry& geometry, int64_t height, int64_t width) {
    context->save_for_backward({map, weight});
    save_geometry(context, geometry);
    context->saved_data["bias"] = bias.has_value();
    return form_transposed(geometry, map, weight, {.shift = bias.value_or(at::Tensor())}, height,
                           width);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor gradient = gradients[0].contiguous();
    const ConvGeometry geometry = saved_geometry(context);
    at::Tensor of_map;
    at::Tensor of_weight;
    if (context->needs_input_grad(0)) of_map = forward_of(gradient, saved[1], {}, geometry);
    if (context->needs_input_grad(1)) of_weight = weight_gradient_of(gradient, saved[0], geometry);
    return {of_map, of_weight, bias_gradient(context, gradient), {}, {}, {}};
  }
};

class WeightGradient : public Function<WeightGradient> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& image,
                            const at::Tensor& map, const ConvGeometry& geometry) {
    context->save_for_backward({image, map});
    save_geometry(context, geometry);
    return form_weight_gradient(geometry, image, map);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor& image = saved[0];
    const at::Tensor gradient = gradients[0].contiguous();
    const ConvGeometry geometry = saved_geometry(context);
    at::Tensor of_image;
    at::Tensor of_map;
    if (context->needs_input_grad(0)) {
      of_image = transposed_of(saved[1], gradient, {}, geometry, image.size(2), image.size(3));
    }
    if (context->needs_input_grad(1)) of_map = forward_of(image, gradient, {}, geometry);
    return {of_image, of_map, {}};
  }
};

at::Tensor forward_of(const at::Tensor& image, const at::Tensor& weight,
                      const std::optional<at::Tensor>& bias, const ConvGeometry& geometry) {
  return Forward::apply(image, weight, bias, geometry);
}

at::Tensor transposed_of(const at::Tensor& map, const at::Tensor& weight,
                         const std::optional<at::Tensor>& bias, const ConvGeometry& geometry,
                         int64_t height, int64_t width) {
  return Transposed::apply(map, weight, bias, geometry, height, width);
}

at::Tensor weight_gradient_of(const at::Tensor& image, const at::Tensor& map,
                              const ConvGeometry& geometry) {
  return WeightGradient::apply(image, map, geometry);
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

// A convolution with stride 1 is also a transposed one with the turned kernel: its output is then
// the image, and may be thin.
std::optional<at::Tensor> thin_conv2d(const at::Tensor& input, const at::Tensor& weight,
                                      const std::optional<at::Tensor>& bias, int64_t padding) {
  const int64_t kernel = weight.size(2);
  const ConvGeometry turned{.kernel = kernel, .padding = kernel - 1 - padding};
  const int64_t height = input.size(2) + 2 * padding - kernel + 1;
  const int64_t width = input.size(3) + 2 * padding - kernel + 1;
  if (turned.padding < 0 || height < 1 || width < 1 || (kernel == 3 && padding == 1)) return {};
  const ConvSizes sizes{input.size(0), weight.size(0), weight.size(1), height, width};
  if (choose_conv(ConvPart::kTransposed, turned, sizes) == ConvChoice::kTorch) return {};
  return transposed_of(input.contiguous(), weight.transpose(0, 1).flip({2, 3}).contiguous(),
                       contiguous_bias(bias), turned, height, width);
}

// Where a kernel covers its whole picture, a convolution is a product of matrices: the layer
// between z and the first map, and the one between the last map and D's judgement. Libraries take 4
// to 20 times as long for it by their convolutions. Products that are too small for linear.h stay
// there.
bool fast_product(int64_t rows, int64_t in, int64_t out) {
  return is_on(Lever::kWholeProducts) &&
         (linear_uses_own(rows, in, out) || linear_uses_onednn(rows, in, out));
}

bool covers(const at::Tensor& input, const at::Tensor& weight, int64_t padding) {
  return padding == 0 && input.size(2) == weight.size(2) && input.size(3) == weight.size(3) &&
         fast_product(input.size(0), input[0].numel(), weight.size(0));
}

bool makes_whole(const at::Tensor& input, const at::Tensor& weight, int64_t padding) {
  return padding == 0 && input.size(2) == 1 && input.size(3) == 1 &&
         fast_product(input.size(0), input.size(1), weight[0].numel());
}

ConvSizes input_sizes(const at::Tensor& image, const at::Tensor& weight) {
  return {image.size(0), weight.size(1), weight.size(0), image.size(2), image.size(3)};
}

// Of the image that a transposed convolution makes.
ConvSizes image_sizes(const at::Tensor& map, const at::Tensor& weight, const ConvGeometry& geometry,
                      int64_t output_padding) {
  const auto side = [&](int64_t size) {
    return (size - 1) * geometry.stride - 2 * geometry.padding + geometry.kernel + output_padding;
  };
  return {map.size(0), weight.size(1), weight.size(0), side(map.size(2)), side(map.size(3))};
}

ConvSizes twice_as_large(const at::Tensor& map, const at::Tensor& weight) {
  return {map.size(0), weight.size(1), weight.size(0), 2 * map.size(2), 2 * map.size(3)};
}

at::Tensor whole_conv2d(const at::Tensor& input, const at::Tensor& weight,
                        const std::optional<at::Tensor>& bias) {
  return linear(input.flatten(1), weight.flatten(1), bias.value_or(at::Tensor()))
      .view({input.size(0), weight.size(0), 1, 1});
}

at::Tensor whole_conv_transpose2d(const at::Tensor& input, const at::Tensor& weight,
                                  const std::optional<at::Tensor>& bias) {
  const int64_t filters = weight.size(1);
  const at::Tensor image = matrix_product(input.flatten(1), weight.flatten(1))
                               .view({input.size(0), filters, weight.size(2), weight.size(3)});
  const bool with_bias = bias.has_value() && bias->defined();
  return with_bias ? image + bias->view({1, filters, 1, 1}) : image;
}

}  // namespace

at::Tensor conv2d(const at::Tensor& input, const at::Tensor& weight,
                  const std::optional<at::Tensor>& bias, int64_t stride, int64_t padding) {
  if (fits(input, weight, bias, 1)) {
    if (covers(input, weight, padding)) return whole_conv2d(input, weight, bias);
    const ConvGeometry geometry{.kernel = weight.size(2), .stride = stride, .padding = padding};
    const ConvSizes sizes = input_sizes(input, weight);
    if (has_own_kernel(geometry, sizes)) {
      return forward_of(input.contiguous(), weight.contiguous(), contiguous_bias(bias), geometry);
    }
    if (stride == 1) {
      if (auto made = thin_conv2d(input, weight, bias, padding)) return *made;
    }
  }
  return at::conv2d(input, weight, bias, stride, padding);
}

at::Tensor conv_transpose2d(const at::Tensor& input, const at::Tensor& weight,
                            const std::optional<at::Tensor>& bias, int64_t stride, int64_t padding,
                            int64_t output_padding) {
  if (fits(input, weight, bias, 0) && output_padding >= 0 && output_padding < stride) {
    if (output_padding == 0 && makes_whole(input, weight, padding)) {
      return whole_conv_transpose2d(input, weight, bias);
    }
    const ConvGeometry geometry{.kernel = weight.size(2), .stride = stride, .padding = padding};
    const ConvSizes sizes = image_sizes(input, weight, geometry, output_padding);
    if (has_own_kernel(geometry, sizes)) {
      return transposed_of(input.contiguous(), weight.contiguous(), contiguous_bias(bias), geometry,
                           sizes.height, sizes.width);
    }
  }
  return at::conv_transpose2d(input, weight, bias, stride, padding, output_padding);
}

at::Tensor upsample_conv2d(const at::Tensor& input, const at::Tensor& weight,
                           const std::optional<at::Tensor>& bias) {
  if (fits(input, weight, bias, 1) && weight.size(2) == 3) {
    const at::Tensor turned = weight.transpose(0, 1);
    const ConvSizes sizes = twice_as_large(input, turned);
    if (has_own_kernel(kSharedPhases, sizes)) {
      return transposed_of(input.contiguous(), spread(turned.flip({2, 3})).contiguous(),
                           contiguous_bias(bias), kSharedPhases, sizes.height, sizes.width);
    }
  }
  const at::Tensor wide = at::upsample_nearest2d(input, {2 * input.size(2), 2 * input.size(3)});
  return conv2d(wide, weight, bias, 1, 1);
}

at::Tensor finished_conv2d(const at::Tensor& input, const at::Tensor& weight,
                           const ConvFinish& finish, int64_t stride, int64_t padding) {
  if (fits(input, weight, {}, 1) && !covers(input, weight, padding)) {
    const ConvGeometry geometry{.kernel = weight.size(2), .stride = stride, .padding = padding};
    const ConvSizes sizes = input_sizes(input, weight);
    if (choose_conv(ConvPart::kForward, geometry, sizes) != ConvChoice::kTorch) {
      return form_forward(geometry, input.contiguous(), weight.contiguous(), finish);
    }
  }
  return finished(conv2d(input, weight, {}, stride, padding), finish);
}

at::Tensor finished_conv_transpose2d(const at::Tensor& input, const at::Tensor& weight,
                                     const ConvFinish& finish, int64_t stride, int64_t padding,
                                     int64_t output_padding) {
  const bool whole = output_padding == 0 && makes_whole(input, weight, padding);
  if (fits(input, weight, {}, 0) && !whole) {
    const ConvGeometry geometry{.kernel = weight.size(2), .stride = stride, .padding = padding};
    const ConvSizes sizes = image_sizes(input, weight, geometry, output_padding);
    if (choose_conv(ConvPart::kTransposed, geometry, sizes) != ConvChoice::kTorch) {
      return form_transposed(geometry, input.contiguous(), weight.contiguous(), finish,
                             sizes.height, sizes.width);
    }
  }
  return finished(conv_transpose2d(input, weight, {}, stride, padding, output_padding), finish);
}

at::Tensor finished_upsample_conv2d(const at::Tensor& input, const at::Tensor& weight,
                                    const ConvFinish& finish) {
  if (fits(input, weight, {}, 1) && weight.size(2) == 3) {
    const at::Tensor turned = weight.transpose(0, 1);
    const ConvSizes sizes = twice_as_large(input, turned);
    if (choose_conv(ConvPart::kTransposed, kSharedPhases, sizes) != ConvChoice::kTorch) {
      return form_transposed(kSharedPhases, input.contiguous(),
                             spread(turned.flip({2, 3})).contiguous(), finish, sizes.height,
                             sizes.width);
    }
  }
  return finished(upsample_conv2d(input, weight, {}), finish);
}

at::Tensor conv2d_pool(const at::Tensor& input, const at::Tensor& weight,
                       const std::optional<at::Tensor>& bias) {
  if (fits(input, weight, bias, 1) && weight.size(2) == 3 &&
      has_own_kernel(kSharedPhases, input_sizes(input, weight))) {
    return forward_of(input.contiguous(), spread(weight * 0.25).contiguous(), contiguous_bias(bias),
                      kSharedPhases);
  }
  return at::avg_pool2d(conv2d(input, weight, bias, 1, 1), 2);
}

}  // namespace ganymede::ops
