#include <ATen/ATen.h>

#include "ganymede/core/error.h"
#include "ganymede/nn/translation_layers.h"

namespace ganymede::nn {
namespace {

constexpr int64_t kHalvings = 2;
constexpr int64_t kMultiple = 1 << kHalvings;

// A 3x3 convolution over reflected borders. The convolution engine knows one geometry, with a
// border of zeros; the ring of pixels that sees those is cut away.
at::Tensor reflected3(Module& conv, const at::Tensor& x) {
  const at::Tensor y = conv(at::reflection_pad2d(x, {1, 1, 1, 1}));
  return y.narrow(2, 1, x.size(2)).narrow(3, 1, x.size(3));
}

class Block final : public Module {
 public:
  Block(int64_t channels, PictureNorm norm)
      : first_norm_(norm, channels), second_norm_(norm, channels) {
    const ConvOptions options{.kernel = 3, .padding = 1, .bias = wants_bias(norm)};
    first_ = &child("conv_block.1", picture_conv(channels, channels, options));
    if (first_norm_.batch) child("conv_block.2", first_norm_.batch);
    second_ = &child("conv_block.5", picture_conv(channels, channels, options));
    if (second_norm_.batch) child("conv_block.6", second_norm_.batch);
  }

  at::Tensor forward(const at::Tensor& input) override {
    const at::Tensor x = first_norm_(reflected3(*first_, input), 0);
    return input + second_norm_(reflected3(*second_, x), 1);
  }

 private:
  Module* first_ = nullptr;
  NormStep first_norm_;
  Module* second_ = nullptr;
  NormStep second_norm_;
};

// A convolution or doubling with normalisation and ReLU.
struct Stage {
  Module* conv;
  NormStep norm;
  at::Tensor operator()(const at::Tensor& x) const { return norm((*conv)(x), 0); }
};

class ResnetTranslator final : public Module {
 public:
  ResnetTranslator(int64_t in, int64_t out, const ResnetOptions& options) : options_(options) {
    const bool bias = wants_bias(options.norm);
    int64_t width = options.base_channels;
    stages_.push_back(stage(1, picture_conv(in, width, {.kernel = 7, .bias = bias}), width));
    int64_t place = 4;  // in the authors' list of layers, where each stage takes three
    for (int64_t k = 0; k < kHalvings; ++k, place += 3, width *= 2) {
      const ConvOptions halving{.kernel = 3, .stride = 2, .padding = 1, .bias = bias};
      stages_.push_back(stage(place, picture_conv(width, 2 * width, halving), 2 * width));
    }
    for (int64_t k = 0; k < options.blocks; ++k, ++place) {
      blocks_.push_back(&child(named(place), std::make_shared<Block>(width, options.norm)));
    }
    for (int64_t k = 0; k < kHalvings; ++k, place += 3, width /= 2) {
      const ConvOptions doubling{
          .kernel = 3, .stride = 2, .padding = 1, .output_padding = 1, .bias = bias};
      stages_.push_back(
          stage(place, picture_doubling(width, width / 2, options.doubling, doubling), width / 2));
    }
    last_ = &child(named(place + 1), picture_conv(width, out, {.kernel = 7}));
  }

  at::Tensor forward(const at::Tensor& input) override {
    if (input.size(2) % kMultiple != 0 || input.size(3) % kMultiple != 0) {
      throw UsageError({.where = "ResNet generator",
                        .found = "a picture of " + std::to_string(input.size(3)) + " x " +
                                 std::to_string(input.size(2)) + " px",
                        .allowed = "sides that are multiples of 4"});
    }
    const auto padded = [](const at::Tensor& x) { return at::reflection_pad2d(x, {3, 3, 3, 3}); };
    at::Tensor x = stages_[0](padded(input));
    size_t next = 1;
    for (; next <= kHalvings; ++next) x = stages_[next](x);
    for (Module* block : blocks_) x = (*block)(x);
    for (; next < stages_.size(); ++next) x = stages_[next](x);
    return at::tanh((*last_)(padded(x)));
  }

 private:
  static std::string named(int64_t place) { return "model." + std::to_string(place); }

  Stage stage(int64_t place, ModulePtr conv, int64_t channels) {
    Stage stage{&child(named(place), std::move(conv)), NormStep(options_.norm, channels)};
    if (stage.norm.batch) child(named(place + 1), stage.norm.batch);
    return stage;
  }

  ResnetOptions options_;
  std::vector<Stage> stages_;
  std::vector<Module*> blocks_;
  Module* last_ = nullptr;
};

}  // namespace

ModulePtr resnet_translator(int64_t in, int64_t out, const ResnetOptions& options) {
  return std::make_shared<ResnetTranslator>(in, out, options);
}

}  // namespace ganymede::nn
