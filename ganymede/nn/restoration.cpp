#include "ganymede/nn/restoration.h"

#include <ATen/ATen.h>

#include <string>

#include "ganymede/core/error.h"

namespace ganymede::nn {
namespace {

constexpr int64_t kConvolutions = 8;  // of PictureJudge

ConvOptions same(int64_t kernel) { return {.kernel = kernel, .padding = kernel / 2}; }

// After four convolutions of stride 2.
int64_t sixteenth(int64_t side) { return (side + 15) / 16; }

class Prelu final : public Module {
 public:
  Prelu() : weight_(&parameter("weight", {1}, Init::constant(0.25))) {}
  at::Tensor forward(const at::Tensor& input) override { return at::prelu(input, *weight_); }

 private:
  at::Tensor* weight_;
};

class Shortcut final : public Module {
 public:
  explicit Shortcut(ModulePtr body) : body_(child("body", std::move(body))) {}
  at::Tensor forward(const at::Tensor& input) override { return input + body_(input); }

 private:
  Module& body_;
};

ModulePtr norm_of(Norm norm, int64_t channels) {
  return norm == Norm::kBatch ? batch_norm(channels) : nullptr;
}

ModulePtr block(const SrResNetOptions& options) {
  const int64_t c = options.channels;
  return shortcut(sequence(conv(c, c, same(3)), norm_of(options.norm, c), prelu(),
                           conv(c, c, same(3)), norm_of(options.norm, c)));
}

ModulePtr body_of(const SrResNetOptions& options) {
  auto body = std::make_shared<Sequential>();
  for (int64_t i = 0; i < options.blocks; ++i) body->push(block(options));
  body->push(conv(options.channels, options.channels, same(3)));
  body->push(norm_of(options.norm, options.channels));
  return shortcut(body);
}

ModulePtr tail_of(int64_t picture_channels, const SrResNetOptions& options) {
  const int64_t c = options.channels;
  auto tail = std::make_shared<Sequential>();
  for (int64_t left = options.scale; left > 1;) {
    const int64_t factor = left % 2 == 0 ? 2 : left;
    tail->push(conv(c, c * factor * factor, same(3)));
    tail->push(pixel_shuffle(factor));
    tail->push(prelu());
    left /= factor;
  }
  tail->push(conv(c, picture_channels, same(9)));
  return tail;
}

class SrResNet final : public Module {
 public:
  SrResNet(int64_t picture_channels, const SrResNetOptions& options)
      : options_(options),
        head_(child("head", sequence(conv(picture_channels, options.channels, same(9)), prelu()))),
        body_(child("body", body_of(options))),
        tail_(child("tail", tail_of(picture_channels, options))) {}

  at::Tensor forward(const at::Tensor& input) override {
    const at::Tensor made = tail_(body_(head_(input)));
    return options_.input_skip ? made + enlarged(input) : made;
  }

 private:
  at::Tensor enlarged(const at::Tensor& input) const {
    if (options_.scale == 1) return input;
    return at::upsample_bicubic2d(input,
                                  {input.size(2) * options_.scale, input.size(3) * options_.scale},
                                  /*align_corners=*/false);
  }

  SrResNetOptions options_;
  Module& head_;
  Module& body_;
  Module& tail_;
};

ModulePtr stage(int64_t in, int64_t out, int64_t stride, bool norm) {
  return sequence(conv(in, out, {.kernel = 3, .stride = stride, .padding = 1}),
                  norm ? batch_norm(out) : nullptr, leaky_relu(0.2));
}

}  // namespace

ModulePtr prelu() { return std::make_shared<Prelu>(); }

ModulePtr pixel_shuffle(int64_t factor) {
  return std::make_shared<Function>(
      [factor](const at::Tensor& x) { return at::pixel_shuffle(x, factor); });
}

ModulePtr shortcut(ModulePtr body) { return std::make_shared<Shortcut>(std::move(body)); }

ModulePtr srresnet(int64_t picture_channels, const SrResNetOptions& options) {
  const int64_t scale = options.scale;
  if (scale != 1 && scale != 2 && scale != 3 && scale != 4 && scale != 8)
    throw UsageError({.where = "nn::srresnet",
                      .found = "a scale of " + std::to_string(scale),
                      .allowed = "1, 2, 3, 4 or 8"});
  if (options.norm == Norm::kLayer)
    throw UsageError(
        {.where = "nn::srresnet", .found = "layer normalisation", .allowed = "batch or none"});
  return std::make_shared<SrResNet>(picture_channels, options);
}

PictureJudge::PictureJudge(int64_t picture_channels, int64_t height, int64_t width,
                           int64_t channels, bool pooled)
    : pooled_(pooled) {
  int64_t in = picture_channels, out = channels;
  for (int64_t i = 0; i < kConvolutions; ++i) {
    stages_.push_back(stage(in, out, i % 2 + 1, i > 0));
    child("stage" + std::to_string(i), stages_.back());
    in = out;
    if (i % 2 == 1) out *= 2;
  }
  const int64_t places = pooled ? 1 : sixteenth(height) * sixteenth(width);
  hidden_ = &child("hidden", sequence(linear(in * places, 2 * in), leaky_relu(0.2)));
  logit_ = &child("logit", linear(2 * in, 1));
}

at::Tensor PictureJudge::hidden(const at::Tensor& last) {
  return (*hidden_)(pooled_ ? last.mean({2, 3}) : last.flatten(1));
}

PictureJudge::Judgement PictureJudge::judge(const at::Tensor& pictures) {
  Judgement judgement;
  at::Tensor x = pictures;
  for (const ModulePtr& stage : stages_) {
    x = stage->forward(x);
    judgement.layers.push_back(x);
  }
  judgement.logits = (*logit_)(hidden(x));
  return judgement;
}

at::Tensor PictureJudge::features(const at::Tensor& pictures) {
  return hidden(judge(pictures).layers.back());
}

}  // namespace ganymede::nn
