#include "ganymede/nn/volumes.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "ganymede/core/error.h"

namespace ganymede::nn {
namespace {

constexpr int64_t kSmallestMap = 4;  // side of the map next to z
constexpr double kDeviation = 0.02;
constexpr size_t kPooledLayers = 3;
constexpr int64_t kPooledSide = 2;

int64_t product(const Triple& t) { return t[0] * t[1] * t[2]; }

std::optional<at::Tensor> maybe(const at::Tensor* tensor) {
  return tensor == nullptr ? std::nullopt : std::optional<at::Tensor>(*tensor);
}

void check_side(int64_t side) {
  if (std::ranges::find(volume_sides(), side) != volume_sides().end()) return;
  throw UsageError({.where = "data",
                    .found = "solids of " + std::to_string(side) + "^3 voxels",
                    .allowed = "16, 32, 64 or 128 voxels a side",
                    .remedy = "--set data.size_px=32 pads or coarsens them"});
}

Conv3dOptions step(bool first_or_last) {
  Conv3dOptions options;
  options.bias = false;
  options.weight_init = Init::normal(0, kDeviation);
  if (!first_or_last) return options;
  options.stride = {1, 1, 1};
  options.padding = {0, 0, 0};
  return options;
}

ModulePtr norm_of(int64_t channels, const VolumePyramidOptions& options) {
  if (!options.norm) return nullptr;
  return batch_norm(channels, {.weight_init = Init::normal(1, kDeviation)});
}

// Layers one after the other under their PyTorch names, and where each hidden block of D ends.
class VolumeCritic final : public Module {
 public:
  explicit VolumeCritic(const VolumePyramidOptions& options) {
    int64_t in = 1, out = options.base_channels;
    for (int64_t side = options.side; side > kSmallestMap; side /= 2) {
      push(conv3d(in, out, layer(options, false)));
      push(norm_of(out, options));
      push(leaky_relu(options.slope, /*in_place=*/true));
      ends_.push_back(layers_.size());
      in = out;
      out *= 2;
    }
    push(conv3d(in, 1, layer(options, true)));
  }

  at::Tensor forward(const at::Tensor& input) override {
    return run_in_order(layers_, layers_.size(), input).flatten(1);
  }

  at::Tensor features(const at::Tensor& input) override {
    std::vector<at::Tensor> pooled;
    at::Tensor x = input;
    size_t from = 0;
    for (size_t block = 0; block < ends_.size(); ++block) {
      const std::vector<ModulePtr> layers(layers_.begin() + static_cast<int64_t>(from),
                                          layers_.begin() + static_cast<int64_t>(ends_[block]));
      x = run_in_order(layers, layers.size(), x);
      from = ends_[block];
      if (block + kPooledLayers < ends_.size()) continue;
      pooled.push_back(at::max_pool3d(x, x.size(2) / kPooledSide).flatten(1));
    }
    return at::cat(pooled, 1);
  }

 private:
  // With neither biases nor norms D could say nothing about empty space: 0 in, 0 out.
  static Conv3dOptions layer(const VolumePyramidOptions& options, bool last) {
    Conv3dOptions made = step(last);
    made.bias = !options.norm;
    made.bias_init = Init::constant(0);
    return made;
  }

  void push(ModulePtr module) {
    if (!module) return;
    child(std::to_string(layers_.size()), module);
    layers_.push_back(std::move(module));
  }

  std::vector<ModulePtr> layers_;
  std::vector<size_t> ends_;
};

}  // namespace

Conv3d::Conv3d(int64_t in, int64_t out, const Conv3dOptions& options) : options_(options) {
  const auto& k = options.kernel;
  const Init usual = Init::fan_in(in * product(k));
  weight_ = &parameter("weight", {out, in, k[0], k[1], k[2]}, options.weight_init.value_or(usual));
  if (options.bias) bias_ = &parameter("bias", {out}, options.bias_init.value_or(usual));
}

at::Tensor Conv3d::forward(const at::Tensor& input) {
  return at::conv3d(input, *weight_, maybe(bias_), options_.stride, options_.padding);
}

ConvTranspose3d::ConvTranspose3d(int64_t in, int64_t out, const Conv3dOptions& options)
    : options_(options) {
  const auto& k = options.kernel;
  const Init usual = Init::fan_in(out * product(k));
  weight_ = &parameter("weight", {in, out, k[0], k[1], k[2]}, options.weight_init.value_or(usual));
  if (options.bias) bias_ = &parameter("bias", {out}, options.bias_init.value_or(usual));
}

at::Tensor ConvTranspose3d::forward(const at::Tensor& input) {
  return at::conv_transpose3d(input, *weight_, maybe(bias_), options_.stride, options_.padding);
}

ModulePtr conv3d(int64_t in, int64_t out, const Conv3dOptions& options) {
  return std::make_shared<Conv3d>(in, out, options);
}

ModulePtr conv_transpose3d(int64_t in, int64_t out, const Conv3dOptions& options) {
  return std::make_shared<ConvTranspose3d>(in, out, options);
}

const std::vector<int64_t>& volume_sides() {
  static const std::vector<int64_t> sides = {16, 32, 64, 128};
  return sides;
}

ModulePtr volume_pyramid_up(int64_t latent_dim, const VolumePyramidOptions& options) {
  check_side(options.side);
  auto net = std::make_shared<Sequential>();
  net->push(reshape({latent_dim, 1, 1, 1}));
  int64_t channels = options.base_channels * options.side / (2 * kSmallestMap), in = latent_dim;
  for (int64_t side = kSmallestMap; side < options.side; side *= 2) {
    net->push(conv_transpose3d(in, channels, step(side == kSmallestMap)));
    net->push(norm_of(channels, options));
    net->push(relu(/*in_place=*/true));
    in = channels;
    channels /= 2;
  }
  net->push(conv_transpose3d(in, 1, step(false)));
  net->push(sigmoid());
  return net;
}

ModulePtr volume_pyramid_down(const VolumePyramidOptions& options) {
  check_side(options.side);
  return std::make_shared<VolumeCritic>(options);
}

}  // namespace ganymede::nn
