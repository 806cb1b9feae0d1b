#include "ganymede/nn/networks.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "ganymede/core/error.h"

namespace ganymede::nn {
namespace {

std::string list_text(const std::vector<int64_t>& values) {
  std::string text;
  for (const int64_t value : values) text += (text.empty() ? "" : ", ") + std::to_string(value);
  return text;
}

std::string shape_text(const SampleSpec& spec) {
  return spec.domain + " samples of shape [" + list_text(spec.shape) + "]";
}

void check_size(const std::string& where, const ImageShape& image,
                const std::vector<int64_t>& sizes) {
  const bool known = std::ranges::find(sizes, image.height) != sizes.end();
  if (known && image.height == image.width) return;
  throw UsageError({.where = where,
                    .found = "images of " + std::to_string(image.height) + " x " +
                             std::to_string(image.width) + " px",
                    .allowed = "square images of " + list_text(sizes) + " px",
                    .remedy = "resize the data: gan data convert SRC DST.zip --size 32"});
}

ModulePtr make_norm(Norm norm, int64_t channels, const BatchNormOptions& options = {}) {
  switch (norm) {
    case Norm::kNone:
      return nullptr;
    case Norm::kBatch:
      return batch_norm(channels, options);
    case Norm::kLayer:
      return layer_norm(channels);
  }
  return nullptr;
}

// One (transposed) convolution of a pyramid, before its norm and activation.
struct Stage {
  int64_t channels;
  int64_t kernel = 4;
  int64_t stride = 2;
  int64_t padding = 1;
};

std::vector<Stage> up_stages(int64_t size, int64_t base) {
  if (size == 28) return {{4 * base, 4, 1, 0}, {2 * base, 3, 2, 1}, {base}};
  std::vector<Stage> stages;
  for (int64_t height = size / 2, channels = base; height >= 4; height /= 2, channels *= 2) {
    stages.insert(stages.begin(), Stage{channels});
  }
  stages.front() = {stages.front().channels, 4, 1, 0};
  return stages;
}

std::vector<Stage> down_stages(int64_t size, int64_t base) {
  if (size == 28) return {{base}, {2 * base}, {4 * base}};
  std::vector<Stage> stages;
  for (int64_t height = size / 2, channels = base; height >= 4; height /= 2, channels *= 2) {
    stages.push_back({channels});
  }
  return stages;
}

ConvOptions stage_options(const Stage& stage, const PyramidOptions& options) {
  return {.kernel = stage.kernel,
          .stride = stage.stride,
          .padding = stage.padding,
          .bias = false,
          .weight_init = Init::normal(0, options.weight_deviation)};
}

ModulePtr stage_norm(Norm norm, int64_t channels, const PyramidOptions& options) {
  return make_norm(norm, channels, {.weight_init = Init::normal(1, options.weight_deviation)});
}

// Names its layers "main.<n>" as pytorch/examples/dcgan does, and turns z [N, D] into maps
// [N, D, 1, 1] and the logits back.
class Pyramid final : public Module {
 public:
  Pyramid(std::shared_ptr<Sequential> main, bool up)
      : main_(child("main", std::move(main))), up_(up) {}

  at::Tensor forward(const at::Tensor& input) override {
    if (up_) return main_(input.reshape({input.size(0), -1, 1, 1}));
    return main_(input).flatten(1);
  }

  at::Tensor features(const at::Tensor& input) override {
    return up_ ? at::Tensor() : main_.features(input);
  }

 private:
  Sequential& main_;
  bool up_;
};

LayerMakers makers(Norm norm) {
  return {.norm = [norm](int64_t channels) { return make_norm(norm, channels); }};
}

}  // namespace

ImageShape ImageShape::of(const SampleSpec& spec, const std::vector<int64_t>& allowed) {
  if (spec.domain != "image" || spec.shape.size() != 3) {
    throw UsageError(
        {.where = "data",
         .found = shape_text(spec),
         .allowed = "images",
         .remedy = "name a data set of images, or a gan that plays this kind of data"});
  }
  const ImageShape image{spec.shape[0], spec.shape[1], spec.shape[2]};
  if (image.height != image.width && allowed.empty()) {
    check_size("data", image, {image.height});
  }
  if (!allowed.empty()) check_size("data", image, allowed);
  return image;
}

std::vector<std::pair<const char*, Norm>> enum_names(Norm) {
  return {{"none", Norm::kNone}, {"batch", Norm::kBatch}, {"layer", Norm::kLayer}};
}

const std::vector<int64_t>& pyramid_sizes() {
  static const std::vector<int64_t> sizes = {8, 16, 28, 32, 64, 128, 256};
  return sizes;
}

const std::vector<int64_t>& residual_sizes() {
  static const std::vector<int64_t> sizes = {8, 16, 32, 64, 128, 256};
  return sizes;
}

ModulePtr conv_pyramid_up(int64_t latent_dim, int64_t base_channels, const ImageShape& image,
                          const PyramidOptions& options) {
  check_size("nn::conv_pyramid_up", image, pyramid_sizes());
  auto main = std::make_shared<Sequential>();
  int64_t in = latent_dim;
  for (const Stage& stage : up_stages(image.height, base_channels)) {
    main->push(conv_transpose(in, stage.channels, stage_options(stage, options)));
    main->push(stage_norm(options.norm, stage.channels, options));
    main->push(relu(/*in_place=*/true));
    in = stage.channels;
  }
  main->push(conv_transpose(in, image.channels, stage_options({image.channels}, options)));
  main->push(tanh());
  return std::make_shared<Pyramid>(std::move(main), /*up=*/true);
}

ModulePtr conv_pyramid_down(const ImageShape& image, int64_t base_channels,
                            const PyramidOptions& options) {
  check_size("nn::conv_pyramid_down", image, pyramid_sizes());
  auto main = std::make_shared<Sequential>();
  int64_t in = image.channels;
  for (const Stage& stage : down_stages(image.height, base_channels)) {
    const bool first = in == image.channels && stage.channels == base_channels;
    main->push(conv(in, stage.channels, stage_options(stage, options)));
    if (!first) main->push(stage_norm(options.norm, stage.channels, options));
    main->push(leaky_relu(options.slope, /*in_place=*/true));
    in = stage.channels;
  }
  const Stage last{.channels = 1, .kernel = image.height == 28 ? 3 : 4, .stride = 1, .padding = 0};
  main->push(conv(in, 1, stage_options(last, options)));
  return std::make_shared<Pyramid>(std::move(main), /*up=*/false);
}

std::vector<std::pair<const char*, Activation>> enum_names(Activation) {
  return {{"none", Activation::kNone},
          {"relu", Activation::kRelu},
          {"leaky_relu", Activation::kLeakyRelu},
          {"tanh", Activation::kTanh},
          {"sigmoid", Activation::kSigmoid},
          {"softplus", Activation::kSoftplus}};
}

ModulePtr activation(Activation kind) {
  switch (kind) {
    case Activation::kNone:
      return nullptr;
    case Activation::kRelu:
      return relu();
    case Activation::kLeakyRelu:
      return leaky_relu();
    case Activation::kTanh:
      return tanh();
    case Activation::kSigmoid:
      return sigmoid();
    case Activation::kSoftplus:
      return softplus();
  }
  return nullptr;
}

ModulePtr mlp(int64_t in, const std::vector<int64_t>& widths, int64_t out,
              const MlpOptions& options) {
  auto net = std::make_shared<Sequential>();
  net->push(flatten());
  for (const int64_t width : widths) {
    net->push(linear(in, width, options.linear));
    net->push(make_norm(options.norm, width));
    net->push(activation(options.hidden));
    in = width;
  }
  net->push(linear(in, out, options.linear));
  net->push(activation(options.output));
  return net;
}

ModulePtr residual_block(int64_t in, int64_t out, Resample resample, Norm norm) {
  return residual_block(in, out, resample, makers(norm));
}

ModulePtr residual_up(int64_t latent_dim, int64_t width, const ImageShape& image,
                      const ResidualOptions& options) {
  check_size("nn::residual_up", image, residual_sizes());
  std::vector<int64_t> widths = {width};
  for (int64_t size = 4; size < image.height; size *= 2) widths.push_back(width);
  return residual_up({.latent_dim = latent_dim,
                      .widths = std::move(widths),
                      .channels = image.channels,
                      .layers = makers(options.norm)});
}

ModulePtr residual_down(const ImageShape& image, int64_t width, const ResidualOptions& options) {
  check_size("nn::residual_down", image, residual_sizes());
  int64_t halvings = 1;
  for (int64_t size = image.height / 2; size > 8; size /= 2) ++halvings;
  return residual_down({.size_px = image.height,
                        .channels = image.channels,
                        .widths = std::vector<int64_t>(static_cast<size_t>(halvings + 2), width),
                        .halvings = halvings,
                        .sum_pool = options.sum_pool,
                        .layers = makers(options.norm),
                        .head = linear(width, 1, glorot_linear(width, 1))});
}

}  // namespace ganymede::nn
