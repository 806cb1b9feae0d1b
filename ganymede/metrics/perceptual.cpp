#include "ganymede/metrics/perceptual.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <array>

#include "ganymede/core/error.h"

namespace ganymede::metrics {
namespace {

constexpr std::array<int64_t, 5> kWidths = {64, 128, 256, 512, 512};
constexpr std::array<int, 5> kDepths16 = {2, 2, 3, 3, 3};
constexpr std::array<int, 5> kDepths19 = {2, 2, 4, 4, 4};
constexpr int64_t kHidden = 4096;
constexpr int64_t kClasses = 1000;
constexpr int64_t kHeadPx = 7;  // of the maps that the classifier sees
constexpr int64_t kSmallestPx = 16;
constexpr double kUnitEps = 1e-10;  // of LPIPS

// Mean and deviation of ImageNet for images in [-1, 1], rounded as LPIPS has them.
constexpr std::array<double, 3> kMean = {-0.030, -0.088, -0.188};
constexpr std::array<double, 3> kDeviation = {0.458, 0.448, 0.450};

at::Tensor per_channel(const std::array<double, 3>& values, at::ScalarType dtype) {
  return at::tensor(at::ArrayRef<double>(values), at::kDouble).to(dtype).view({1, 3, 1, 1});
}

void check_images(const at::Tensor& images, const char* where) {
  if (images.dim() == 4 && images.is_floating_point() && images.size(1) == 3 &&
      images.size(2) >= kSmallestPx && images.size(3) >= kSmallestPx) {
    return;
  }
  throw UsageError({.where = where,
                    .found = "images of a wrong shape or type",
                    .allowed = "floating [N, 3, H, W] with sides of at least 16 px"});
}

at::Tensor as_color(const at::Tensor& images) {
  const bool grey = images.dim() == 4 && images.size(1) == 1;
  return grey ? images.expand({-1, 3, -1, -1}) : images;
}

at::Tensor unit_length(const at::Tensor& maps) {
  return maps / (maps.square().sum(1, /*keepdim=*/true).sqrt() + kUnitEps);
}

}  // namespace

bool Vgg::is_vgg19(const nn::TensorMap& tensors) { return tensors.contains("features.34.weight"); }

Vgg::Vgg(WeightReader& reader, bool vgg19, bool classifier, at::ScalarType dtype)
    : vgg19_(vgg19), dtype_(dtype) {
  const auto take = [&](const std::string& name, const std::vector<int64_t>& shape) {
    return Layer{reader.take(name + ".weight", shape).to(dtype),
                 reader.take(name + ".bias", {shape[0]}).to(dtype)};
  };
  int64_t in = 3;
  int place = 0;  // in torchvision's list: a convolution and a ReLU each, a pool after a block
  for (size_t b = 0; b < kWidths.size(); ++b, ++place) {
    std::vector<Layer>& block = blocks_.emplace_back();
    for (int i = 0; i < (vgg19 ? kDepths19 : kDepths16)[b]; ++i, place += 2) {
      block.push_back(take("features." + std::to_string(place), {kWidths[b], in, 3, 3}));
      in = kWidths[b];
    }
  }
  if (!classifier) return;
  classifier_ = {take("classifier.0", {kHidden, in * kHeadPx * kHeadPx}),
                 take("classifier.3", {kHidden, kHidden}),
                 take("classifier.6", {kClasses, kHidden})};
}

std::vector<at::Tensor> Vgg::blocks(const at::Tensor& images) const {
  check_images(images, "metrics::Vgg");
  at::Tensor x =
      (images.to(at::kCPU, dtype_) - per_channel(kMean, dtype_)) / per_channel(kDeviation, dtype_);
  std::vector<at::Tensor> outputs;
  for (const std::vector<Layer>& block : blocks_) {
    if (!outputs.empty()) x = at::max_pool2d(x, 2);
    for (const Layer& layer : block) x = at::conv2d(x, layer.weight, layer.bias, 1, 1).relu_();
    outputs.push_back(x);
  }
  return outputs;
}

at::Tensor Vgg::hidden(const at::Tensor& last_block) const {
  if (!has_classifier()) {
    throw UsageError({.where = "metrics::Vgg",
                      .found = "weights without a classifier",
                      .allowed = "a file with classifier.0 to classifier.6"});
  }
  const at::NoGradGuard no_grad;
  at::Tensor x = at::adaptive_avg_pool2d(at::max_pool2d(last_block, 2), {kHeadPx, kHeadPx});
  x = at::linear(x.flatten(1), classifier_[0].weight, classifier_[0].bias).relu_();
  return at::linear(x, classifier_[1].weight, classifier_[1].bias).relu_();
}

at::Tensor Vgg::logits(const at::Tensor& hidden) const {
  const at::NoGradGuard no_grad;
  return at::linear(hidden, classifier_.at(2).weight, classifier_.at(2).bias);
}

Lpips::Lpips(const nn::TensorMap& tensors, const std::string& where, at::ScalarType dtype)
    : Lpips(WeightReader(tensors, where), dtype) {}

Lpips::Lpips(WeightReader reader, at::ScalarType dtype)
    : vgg_(reader, /*vgg19=*/false, /*classifier=*/false, dtype) {
  for (size_t k = 0; k < kWidths.size(); ++k) {
    const std::string name = "lin" + std::to_string(k) + ".model.1.weight";
    channel_weights_.push_back(
        reader.take(name, {1, kWidths[k], 1, 1}).to(dtype).view({kWidths[k], 1, 1}));
  }
  for (const char* index : {"0", "3", "6"}) {
    reader.ignore("classifier." + std::string(index) + ".weight");
    reader.ignore("classifier." + std::string(index) + ".bias");
  }
  reader.finish("LPIPS on VGG-16");
}

at::Tensor Lpips::distance(const at::Tensor& a, const at::Tensor& b) const {
  const at::Tensor first = as_color(a);
  const at::Tensor second = as_color(b);
  check_images(first, "metrics::Lpips");
  if (first.sizes() != second.sizes()) {
    throw UsageError({.where = "metrics::Lpips",
                      .found = "two sets of images of different shapes",
                      .allowed = "equal shapes"});
  }
  const std::vector<at::Tensor> left = vgg_.blocks(first);
  const std::vector<at::Tensor> right = vgg_.blocks(second);
  at::Tensor total = at::zeros({first.size(0)}, left[0].options());
  for (size_t k = 0; k < left.size(); ++k) {
    const at::Tensor difference = (unit_length(left[k]) - unit_length(right[k])).square_();
    total += (difference * channel_weights_[k]).sum(1).mean({1, 2});
  }
  return total;
}

}  // namespace ganymede::metrics
