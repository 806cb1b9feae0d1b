#include "ganymede/nn/translation_layers.h"

#include <ATen/ATen.h>

#include "ganymede/ops/instance_norm.h"

namespace ganymede::nn {
namespace {

constexpr double kDeviation = 0.02;

ConvOptions begun(ConvOptions options) {
  options.weight_init = Init::normal(0, kDeviation);
  options.bias_init = Init::constant(0);
  return options;
}

}  // namespace

std::vector<std::pair<const char*, PictureNorm>> enum_names(PictureNorm) {
  return {{"none", PictureNorm::kNone},
          {"batch", PictureNorm::kBatch},
          {"instance", PictureNorm::kInstance}};
}

std::vector<std::pair<const char*, Doubling>> enum_names(Doubling) {
  return {{"transposed", Doubling::kTransposed}, {"resize", Doubling::kResize}};
}

std::shared_ptr<Conv2d> picture_conv(int64_t in, int64_t out, ConvOptions options) {
  return std::make_shared<Conv2d>(in, out, begun(options));
}

ModulePtr picture_doubling(int64_t in, int64_t out, Doubling doubling, ConvOptions transposed) {
  if (doubling == Doubling::kTransposed) {
    return std::make_shared<ConvTranspose2d>(in, out, begun(transposed));
  }
  return picture_conv(
      in, out,
      {.kernel = 3, .padding = 1, .resample = ConvResample::kUpBefore, .bias = transposed.bias});
}

NormStep::NormStep(PictureNorm norm, int64_t channels) : kind(norm) {
  if (norm != PictureNorm::kBatch) return;
  const BatchNormOptions options{.weight_init = Init::normal(1, kDeviation)};
  batch = std::make_shared<BatchNorm>(channels, options);
}

at::Tensor NormStep::operator()(const at::Tensor& x, double slope) const {
  if (kind == PictureNorm::kBatch) return batch->forward(x, slope);
  if (kind == PictureNorm::kInstance) return ops::instance_norm_act(x, slope);
  if (slope == 1) return x;
  return slope == 0 ? at::relu(x) : at::leaky_relu(x, slope);
}

}  // namespace ganymede::nn
