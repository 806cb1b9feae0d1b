#include "ganymede/nn/networks_2014.h"

#include <ATen/ATen.h>

#include "ganymede/core/error.h"
#include "ganymede/nn/networks.h"

namespace ganymede::nn {
namespace {

constexpr int64_t kMaps = 80;

class MaxoutConv final : public Module {
 public:
  MaxoutConv(int64_t in, int64_t out, int64_t pieces, const ConvOptions& options)
      : out_(out),
        pieces_(pieces),
        conv_(child("conv", std::make_shared<Conv2d>(in, out * pieces, options))) {}

  at::Tensor forward(const at::Tensor& input) override {
    const at::Tensor y = conv_(input);
    return y.view({y.size(0), out_, pieces_, y.size(2), y.size(3)}).amax(2);
  }

 private:
  int64_t out_;
  int64_t pieces_;
  Module& conv_;
};

LinearOptions linear_options(double init) {
  if (init == 0) return {};
  return {.weight_init = Init::uniform(-init, init), .bias_init = Init::constant(0)};
}

ConvOptions conv_options(double init, const ConvOptions& geometry) {
  ConvOptions options = geometry;
  if (init == 0) return options;
  options.weight_init = Init::uniform(-init, init);
  options.bias_init = Init::constant(0);
  return options;
}

ModulePtr function(std::function<at::Tensor(const at::Tensor&)> body) {
  return std::make_shared<Function>(std::move(body));
}

ModulePtr drop(double keep) { return keep == 1 ? nullptr : dropout(keep); }

double output_init(const Networks2014& options) {
  return options.output_init > 0 ? options.output_init : options.generator_init;
}

void push_pixels(Sequential& net, const Networks2014& options, const SampleSpec& spec) {
  if (spec.domain != "image" || options.linear_output) return;
  net.push(function([](const at::Tensor& x) { return at::sigmoid(x) * 2 - 1; }));
}

// z -> the last hidden layer, whose size is returned.
int64_t push_hidden(Sequential& net, const Networks2014& options) {
  int64_t in = options.latent_dim;
  for (size_t k = 0; k < options.generator_units.size(); ++k) {
    const int64_t units = options.generator_units[k];
    const bool last = k + 1 == options.generator_units.size();
    net.push(linear(in, units, linear_options(options.generator_init)));
    net.push(last && options.sigmoid_last ? sigmoid() : relu());
    in = units;
  }
  return in;
}

ModulePtr to_unit_range() {
  return function([](const at::Tensor& x) { return (x + 1) * 0.5; });
}

void push_units(Sequential& net, const Networks2014& options, int64_t in) {
  const LinearOptions plain = linear_options(options.discriminator_init);
  for (const int64_t units : options.discriminator_units) {
    const bool relu_units = options.maxout_pieces == 1;
    net.push(relu_units ? linear(in, units, plain)
                        : maxout(in, units, options.maxout_pieces, plain));
    if (relu_units) net.push(relu());
    net.push(drop(options.hidden_keep));
    in = units;
  }
  net.push(linear(in, 1, plain));
}

ImageShape checked(const SampleSpec& spec) {
  const ImageShape image = ImageShape::of(spec);
  if (image.height >= 20 && image.height % 3 == 2) return image;
  throw UsageError({.where = "gan.networks",
                    .found = "images of " + std::to_string(image.height) + " px",
                    .allowed = "conv: 32 px, or another side of 20 px or more that is 2 more than "
                               "a multiple of 3; mlp: any",
                    .remedy = "--set data.size_px=32, or --set gan.networks=mlp"});
}

int64_t pooled(int64_t size, int64_t pool) { return (size - pool + 1) / 2 + 1; }

// As in the paper's code a pool may reach over the edge.
ModulePtr pool(int64_t size) {
  return function([size](const at::Tensor& x) {
    return at::max_pool2d(x, size, /*stride=*/2, /*padding=*/0, /*dilation=*/1, /*ceil_mode=*/true);
  });
}

}  // namespace

ModulePtr generator_2014(const Networks2014& options, const SampleSpec& spec) {
  auto net = std::make_shared<Sequential>();
  const int64_t in = push_hidden(*net, options);
  net->push(linear(in, spec.elements(), linear_options(output_init(options))));
  push_pixels(*net, options, spec);
  net->push(reshape(spec.shape));
  return net;
}

ModulePtr discriminator_2014(const Networks2014& options, const SampleSpec& spec) {
  auto net = std::make_shared<Sequential>();
  net->push(flatten());
  if (spec.domain == "image") net->push(to_unit_range());
  net->push(drop(options.input_keep));
  push_units(*net, options, spec.elements());
  return net;
}

ModulePtr deconv_generator_2014(const Networks2014& options, const SampleSpec& spec) {
  const ImageShape image = checked(spec);
  const int64_t side = (image.height - 5) / 3 + 1;
  auto net = std::make_shared<Sequential>();
  const int64_t in = push_hidden(*net, options);
  if (in != kMaps * side * side) {
    net->push(linear(in, kMaps * side * side, linear_options(options.generator_init)));
  }
  net->push(reshape({kMaps, side, side}));
  net->push(conv_transpose(kMaps, image.channels,
                           conv_options(output_init(options), {.kernel = 5, .stride = 3})));
  push_pixels(*net, options, spec);
  return net;
}

ModulePtr conv_discriminator_2014(const Networks2014& options, const SampleSpec& spec) {
  struct Stage {
    int64_t channels, kernel, padding, pool;
  };
  const ImageShape image = checked(spec);
  auto net = std::make_shared<Sequential>();
  net->push(to_unit_range());
  net->push(drop(options.input_keep));
  int64_t in = image.channels;
  int64_t size = image.height;
  for (const Stage& stage : {Stage{32, 8, 4, 4}, Stage{32, 8, 3, 4}, Stage{192, 5, 3, 2}}) {
    net->push(maxout_conv(in, stage.channels, 2,
                          conv_options(options.discriminator_init,
                                       {.kernel = stage.kernel, .padding = stage.padding})));
    net->push(pool(stage.pool));
    net->push(drop(options.hidden_keep));
    in = stage.channels;
    size = pooled(size + 2 * stage.padding - stage.kernel + 1, stage.pool);
  }
  net->push(flatten());
  push_units(*net, options, in * size * size);
  return net;
}

ModulePtr maxout_conv(int64_t in, int64_t out, int64_t pieces, const ConvOptions& options) {
  return std::make_shared<MaxoutConv>(in, out, pieces, options);
}

}  // namespace ganymede::nn
