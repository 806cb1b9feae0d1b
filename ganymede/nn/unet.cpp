#include <ATen/ATen.h>

#include <algorithm>

#include "ganymede/core/error.h"
#include "ganymede/nn/translation_layers.h"

namespace ganymede::nn {
namespace {

constexpr double kSlope = 0.2;
constexpr int64_t kWidest = 8;  // times base_channels, from the fourth level on
constexpr int64_t kFewestHalvings = 2;
constexpr int64_t kMostHalvings = 12;
constexpr int64_t kAuthorsHalvings = 8;

int64_t width_of(const UNetOptions& options, int64_t level) {
  return options.base_channels * std::min<int64_t>(kWidest, int64_t{1} << (level - 1));
}

// One level with all below it. The authors put an activation before each convolution and skip over
// the whole level; as the leaky ReLU of a level also reaches its skip (it works in place there),
// and ReLU of leaky ReLU is ReLU, each is taken here where it fuses with a normalisation: a level
// takes activated features and gives ReLU'd ones.
class Level final : public Module {
 public:
  // `channels` -> width of the level -> back to `channels`; levels count from 2.
  Level(const UNetOptions& options, int64_t level) : innermost_(level == options.depth) {
    const int64_t channels = width_of(options, level - 1);
    const int64_t width = width_of(options, level);
    const bool bias = wants_bias(options.norm);
    const ConvOptions halving{.kernel = 4, .stride = 2, .padding = 1, .bias = bias};
    down_ = &child("model.1", picture_conv(channels, width, halving));
    if (!innermost_) {
      down_norm_ = norm("model.2", options.norm, width);
      below_ = &child("model.3", std::make_shared<Level>(options, level + 1));
    }
    const int64_t from = innermost_ ? width : 2 * width;
    up_ = &child(innermost_ ? "model.3" : "model.5",
                 picture_doubling(from, channels, options.doubling, halving));
    up_norm_ = norm(innermost_ ? "model.4" : "model.6", options.norm, channels);
    const bool full = channels == width && !innermost_;
    if (full && options.dropout > 0) {
      dropout_ = &child("model.7", std::make_shared<Dropout>(1 - options.dropout));
    }
  }

  at::Tensor forward(const at::Tensor& input) override {
    at::Tensor x = (*down_)(input);
    x = innermost_ ? at::relu_(x) : (*below_)(down_norm_(x, kSlope));
    x = up_norm_((*up_)(x), 0);
    if (dropout_ != nullptr) x = (*dropout_)(x);
    return at::cat({at::relu(input), x}, 1);
  }

 private:
  NormStep norm(const std::string& name, PictureNorm kind, int64_t channels) {
    const NormStep step(kind, channels);
    if (step.batch) child(name, step.batch);
    return step;
  }

  bool innermost_;
  Module* down_ = nullptr;
  NormStep down_norm_;
  Module* below_ = nullptr;
  Module* up_ = nullptr;
  NormStep up_norm_;
  Module* dropout_ = nullptr;
};

class UNet final : public Module {
 public:
  UNet(int64_t in, int64_t out, const UNetOptions& options)
      : multiple_(int64_t{1} << options.depth) {
    const ConvOptions halving{
        .kernel = 4, .stride = 2, .padding = 1, .bias = wants_bias(options.norm)};
    down_ = &child("model.model.0", picture_conv(in, options.base_channels, halving));
    below_ = &child("model.model.1", std::make_shared<Level>(options, 2));
    up_ = &child("model.model.3", picture_doubling(2 * options.base_channels, out, options.doubling,
                                                   {.kernel = 4, .stride = 2, .padding = 1}));
  }

  at::Tensor forward(const at::Tensor& input) override {
    if (input.size(2) % multiple_ != 0 || input.size(3) % multiple_ != 0) {
      throw UsageError({.where = "U-Net",
                        .found = "a picture of " + std::to_string(input.size(3)) + " x " +
                                 std::to_string(input.size(2)) + " px",
                        .allowed = "sides that are multiples of " + std::to_string(multiple_)});
    }
    at::Tensor x = (*down_)(input);
    return at::tanh((*up_)((*below_)(at::leaky_relu_(x, kSlope))));
  }

 private:
  int64_t multiple_;
  Module* down_ = nullptr;
  Module* below_ = nullptr;
  Module* up_ = nullptr;
};

}  // namespace

ModulePtr unet(int64_t in, int64_t out, const UNetOptions& options) {
  if (options.depth < kFewestHalvings || options.depth > kMostHalvings) {
    throw UsageError({.where = "U-Net",
                      .found = std::to_string(options.depth) + " halvings",
                      .allowed = "2 to 12, and sides that can be halved so often",
                      .remedy = "--set data.size_px=64, or another multiple of 4"});
  }
  return std::make_shared<UNet>(in, out, options);
}

int64_t unet_depth(int64_t height, int64_t width) {
  int64_t depth = 0;
  while (depth < kAuthorsHalvings && height % 2 == 0 && width % 2 == 0) {
    ++depth;
    height /= 2;
    width /= 2;
  }
  return depth;
}

}  // namespace ganymede::nn
