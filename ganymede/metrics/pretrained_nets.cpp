#include "ganymede/metrics/pretrained_nets.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>

#include "ganymede/core/error.h"
#include "ganymede/core/text.h"
#include "ganymede/metrics/feature_resize.h"
#include "ganymede/metrics/image_batches.h"
#include "ganymede/metrics/inception.h"
#include "ganymede/metrics/perceptual.h"

namespace ganymede::metrics {
namespace {

constexpr const char* kInceptionMark = "Conv2d_1a_3x3.conv.weight";
constexpr const char* kVggMark = "features.0.weight";
constexpr const char* kClassifierMark = "classifier.0.weight";
constexpr const char* kPublishedInception = "inception-2015-12-05";
constexpr const char* kInceptionPrefix = "6726825d";
constexpr int64_t kInceptionBatch = 16;
constexpr int64_t kVggBatch = 8;
constexpr int64_t kVggPx = 224;
constexpr int64_t kVggHidden = 4096;
constexpr int64_t kVggChannels = 512;
constexpr size_t kSha256Digits = 64;

class InceptionNet final : public FeatureNet {
 public:
  InceptionNet(Inception net, std::string sha256, std::string resize)
      : net_(std::move(net)), sha256_(std::move(sha256)), resize_(std::move(resize)) {}

  std::string name() const override { return published_name(sha256_).value_or("inception"); }
  std::string sha256() const override { return sha256_; }
  int64_t dim() const override { return Inception::kFeatures; }
  int64_t classes() const override { return Inception::kClasses; }
  std::string resize_mode() const override { return resize_; }

  at::Tensor features(const at::Tensor& samples) const override {
    check_images(samples, name());
    const bool pytorch = resize_ == "legacy-pytorch";
    const double middle = pytorch ? 127.5 : 128;
    return in_batches(samples, kInceptionBatch, dim(), [&](const at::Tensor& images) {
      const at::Tensor x = resize_for_features(as_bytes_scale(images), resize_, Inception::kSizePx);
      return net_.features((x - middle).div_(middle));
    });
  }
  at::Tensor class_probabilities(const at::Tensor& features) const override {
    return net_.probabilities(features);
  }

 private:
  Inception net_;
  std::string sha256_;
  std::string resize_;
};

class VggNet final : public FeatureNet {
 public:
  VggNet(Vgg net, std::string sha256, std::string resize)
      : net_(std::move(net)), sha256_(std::move(sha256)), resize_(std::move(resize)) {}

  std::string name() const override { return net_.vgg19() ? "vgg19" : "vgg16"; }
  std::string sha256() const override { return sha256_; }
  int64_t dim() const override { return net_.has_classifier() ? kVggHidden : kVggChannels; }
  int64_t classes() const override { return net_.classes(); }
  std::string resize_mode() const override { return net_.has_classifier() ? resize_ : "none"; }

  at::Tensor features(const at::Tensor& samples) const override {
    check_images(samples, name());
    return in_batches(samples, kVggBatch, dim(), [&](const at::Tensor& images) {
      at::Tensor x = as_bytes_scale(images);
      if (net_.has_classifier()) x = resize_for_features(x, resize_, kVggPx);
      const at::Tensor last = net_.blocks(x / 127.5 - 1).back();
      return net_.has_classifier() ? net_.hidden(last) : last.mean({2, 3});
    });
  }
  at::Tensor class_probabilities(const at::Tensor& features) const override {
    return net_.has_classifier() ? net_.logits(features).softmax(1) : at::Tensor();
  }

 private:
  Vgg net_;
  std::string sha256_;
  std::string resize_;
};

std::unique_ptr<FeatureNet> vgg_net(const nn::TensorMap& tensors, const std::string& sha256,
                                    const std::string& where, const std::string& resize) {
  WeightReader reader(tensors, where);
  const bool vgg19 = Vgg::is_vgg19(tensors);
  Vgg net(reader, vgg19, tensors.contains(kClassifierMark));
  reader.ignore(".model.1.weight");  // of LPIPS, which may share the file
  reader.finish(vgg19 ? "VGG-19" : "VGG-16");
  return std::make_unique<VggNet>(std::move(net), sha256, resize);
}

}  // namespace

std::optional<std::string> published_name(const std::string& sha256) {
  if (sha256.size() == kSha256Digits && sha256.starts_with(kInceptionPrefix)) {
    return kPublishedInception;
  }
  return std::nullopt;
}

std::unique_ptr<FeatureNet> pretrained_net(const nn::TensorMap& tensors, const std::string& sha256,
                                           const std::string& where,
                                           const FeatureNetOptions& options) {
  if (!std::ranges::count(resize_modes(), options.resize)) {
    throw UsageError({.where = "features " + where,
                      .found = "resize mode \"" + options.resize + "\"",
                      .allowed = join(resize_modes())});
  }
  if (tensors.contains(kInceptionMark)) {
    return std::make_unique<InceptionNet>(Inception(tensors, where), sha256, options.resize);
  }
  if (tensors.contains(kVggMark)) return vgg_net(tensors, sha256, where, options.resize);
  throw ModelError({.where = where,
                    .found = "tensors of no network that is known here",
                    .allowed = "a file of gan features train, Inception-v3 in the FID form, VGG-16 "
                               "or VGG-19 with torchvision's names",
                    .remedy = "docs/features.md says how such files are made"});
}

}  // namespace ganymede::metrics
