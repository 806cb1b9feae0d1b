#include "ganymede/nn/spectral_networks.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "ganymede/nn/conditional.h"
#include "ganymede/nn/spectral.h"

namespace ganymede::nn {
namespace {

NormMaker batch_norms(int64_t classes) {
  return [classes](int64_t channels) {
    return classes > 0 ? conditional_batch_norm(channels, classes) : batch_norm(channels);
  };
}

LayerMakers generator_layers(const SpectralPlan& plan) {
  LayerMakers layers{.norm = batch_norms(plan.classes)};
  if (!plan.spectral_generator) return layers;
  layers.conv = spectral_conv;
  layers.linear = spectral_linear;
  return layers;
}

ModulePtr make_head(const SpectralPlan& plan, int64_t width) {
  LinearOptions linear = glorot_linear(width, 1);
  linear.bias = plan.classes > 0;  // as in the authors' CIFAR-10 and projection networks
  return std::make_shared<ProjectionHead>(
      spectral_linear(width, 1, linear),
      plan.classes > 0 ? spectral_embedding(plan.classes, width) : nullptr);
}

ModulePtr residual_generator(const SpectralPlan& plan) {
  const int64_t channels = plan.generator_channels;
  const int64_t size = plan.image.height;
  std::vector<int64_t> widths;
  for (int64_t px = 4; px <= size; px *= 2) {
    widths.push_back(size <= 32 ? channels : channels * std::min<int64_t>(16, size / px));
  }
  return residual_up({.latent_dim = plan.latent_dim,
                      .widths = std::move(widths),
                      .channels = plan.image.channels,
                      .layers = generator_layers(plan),
                      .attention_px = plan.attention_px});
}

ModulePtr residual_discriminator(const SpectralPlan& plan) {
  const int64_t channels = plan.discriminator_channels;
  const int64_t size = plan.image.height;
  const int64_t halvings = size <= 16 ? 1 : size == 32 ? 2 : 5;
  std::vector<int64_t> widths;
  const int64_t blocks = size <= 32 ? halvings + 2 : size == 64 ? 5 : 6;
  for (int64_t i = 0; i < blocks; ++i) {
    widths.push_back(size <= 32 ? channels : channels * (int64_t{1} << std::min<int64_t>(i, 4)));
  }
  const int64_t last = widths.back();
  return residual_down({.size_px = size,
                        .channels = plan.image.channels,
                        .widths = std::move(widths),
                        .halvings = halvings,
                        .layers = {.conv = spectral_conv, .linear = spectral_linear},
                        .head = make_head(plan, last),
                        .attention_px = plan.attention_px});
}

// Table 3: dense to 4x4 (28 px: 7x7), 4x4 transposed convolutions with stride 2, conv3, tanh.
ModulePtr plain_generator(const SpectralPlan& plan) {
  const int64_t start = plan.image.height == 28 ? 7 : plan.image.height / 8;
  const auto norm = batch_norms(plan.classes);
  int64_t width = plan.generator_channels * (plan.image.height == 28 ? 4 : 8);
  const int64_t dense = width * start * start;
  auto net = std::make_shared<Sequential>();
  net->push(linear(plan.latent_dim, dense, glorot_linear(plan.latent_dim, dense)));
  net->push(reshape({width, start, start}));
  for (; width > plan.generator_channels; width /= 2) {
    net->push(norm(width));
    net->push(relu(/*in_place=*/true));
    net->push(conv_transpose(width, width / 2,
                             {.kernel = 4,
                              .stride = 2,
                              .padding = 1,
                              .weight_init = Init::normal(0, 0.02),
                              .bias_init = Init::constant(0)}));
  }
  net->push(norm(width));
  net->push(relu(/*in_place=*/true));
  net->push(
      conv(width, plan.image.channels,
           {.padding = 1, .weight_init = Init::normal(0, 0.02), .bias_init = Init::constant(0)}));
  net->push(tanh());
  return net;
}

// Table 3: pairs of conv3 and a halving conv4, all with leaky ReLU 0.1, dense to the logit.
ModulePtr plain_discriminator(const SpectralPlan& plan) {
  const auto conv = [](int64_t in, int64_t out, int64_t kernel, int64_t stride) {
    return spectral_conv(in, out,
                         {.kernel = kernel,
                          .stride = stride,
                          .padding = 1,
                          .weight_init = Init::normal(0, 0.02),
                          .bias_init = Init::constant(0)});
  };
  auto net = std::make_shared<Sequential>();
  int64_t in = plan.image.channels;
  int64_t width = plan.discriminator_channels;
  for (int stage = 0; stage < 3; ++stage, width *= 2) {
    net->push(conv(in, width, 3, 1));
    net->push(leaky_relu(0.1, /*in_place=*/true));
    net->push(conv(width, width, 4, 2));
    net->push(leaky_relu(0.1, /*in_place=*/true));
    in = width;
  }
  net->push(conv(in, width, 3, 1));
  net->push(leaky_relu(0.1, /*in_place=*/true));
  net->push(flatten());
  const int64_t side = plan.image.height / 8;
  net->push(make_head(plan, width * side * side));
  return net;
}

}  // namespace

ModulePtr spectral_generator(const SpectralPlan& plan) {
  return plan.plain ? plain_generator(plan) : residual_generator(plan);
}

ModulePtr spectral_discriminator(const SpectralPlan& plan) {
  return plan.plain ? plain_discriminator(plan) : residual_discriminator(plan);
}

}  // namespace ganymede::nn
