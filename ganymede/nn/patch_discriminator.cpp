#include <ATen/ATen.h>

#include <algorithm>

#include "ganymede/nn/translation_layers.h"

namespace ganymede::nn {
namespace {

constexpr double kSlope = 0.2;
constexpr int64_t kWidest = 8;  // times base_channels
constexpr int64_t kKernel = 4;

class PatchDiscriminator final : public Module {
 public:
  PatchDiscriminator(int64_t in, const PatchOptions& options) : options_(options) {
    options_.layers == 0 ? make_pixelwise(in) : make_patchwise(in);
  }

  at::Tensor forward(const at::Tensor& input) override { return (*last_)(hidden(input)); }
  at::Tensor features(const at::Tensor& input) override { return hidden(input).flatten(1); }

 private:
  struct Stage {
    Module* conv;
    NormStep norm;
  };

  void make_patchwise(int64_t in) {
    const int64_t base = options_.base_channels;
    const auto options = [&](int64_t stride, bool bias) {
      return ConvOptions{.kernel = kKernel, .stride = stride, .padding = 1, .bias = bias};
    };
    add("model.0", picture_conv(in, base, options(2, true)), {});
    int64_t width = base;
    int64_t place = 2;  // in the authors' list of layers
    for (int64_t n = 1; n <= options_.layers; ++n, place += 3) {
      const int64_t wider = base * std::min<int64_t>(kWidest, int64_t{1} << n);
      const int64_t stride = n < options_.layers ? 2 : 1;
      add_normed("model.", place,
                 picture_conv(width, wider, options(stride, wants_bias(options_.norm))), wider);
      width = wider;
    }
    last_ = &child("model." + std::to_string(place), picture_conv(width, 1, options(1, true)));
  }

  void make_pixelwise(int64_t in) {
    const int64_t base = options_.base_channels;
    const bool bias = wants_bias(options_.norm);
    add("net.0", picture_conv(in, base, {.kernel = 1}), {});
    add_normed("net.", 2, picture_conv(base, 2 * base, {.kernel = 1, .bias = bias}), 2 * base);
    last_ = &child("net.5", picture_conv(2 * base, 1, {.kernel = 1, .bias = bias}));
  }

  void add(const std::string& name, ModulePtr conv, NormStep norm) {
    stages_.push_back({&child(name, std::move(conv)), std::move(norm)});
  }

  void add_normed(const std::string& list, int64_t place, ModulePtr conv, int64_t channels) {
    const NormStep norm(options_.norm, channels);
    add(list + std::to_string(place), std::move(conv), norm);
    if (norm.batch) child(list + std::to_string(place + 1), norm.batch);
  }

  at::Tensor hidden(const at::Tensor& input) {
    at::Tensor x = input;
    for (const Stage& stage : stages_) x = stage.norm((*stage.conv)(x), kSlope);
    return x;
  }

  PatchOptions options_;
  std::vector<Stage> stages_;
  Module* last_ = nullptr;
};

int64_t side_after(int64_t side, int64_t stride) { return (side + 2 - kKernel) / stride + 1; }

bool leaves_a_patch(int64_t side, const PatchOptions& options) {
  for (int64_t k = 0; k < options.layers; ++k) side = side_after(side, 2);
  side = side_after(side, 1);
  const int64_t fewest = options.norm == PictureNorm::kInstance ? 2 : 1;
  return side >= fewest && side_after(side, 1) >= 1;
}

}  // namespace

ModulePtr patch_discriminator(int64_t in, const PatchOptions& options) {
  return std::make_shared<PatchDiscriminator>(in, options);
}

int64_t smallest_patch_side(const PatchOptions& options) {
  int64_t side = 1;
  if (options.layers == 0) return side;
  while (!leaves_a_patch(side, options)) ++side;
  return side;
}

}  // namespace ganymede::nn
