#include "ganymede/metrics/pretrained_nets.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "ganymede/core/error.h"
#include "ganymede/core/files.h"
#include "ganymede/core/hash.h"
#include "ganymede/media/tensor_safetensors.h"
#include "ganymede/metrics/feature_resize.h"
#include "ganymede/metrics/inception.h"
#include "tests/golden/formula_weights.h"
#include "tests/golden/summary.h"
#include "tests/metrics/array_data.h"

namespace ganymede::metrics {
namespace {

nn::TensorMap tensors_of(const nlohmann::json& shapes) {
  nn::TensorMap tensors;
  for (const auto& [name, shape] : shapes.items()) {
    tensors[name] = golden::formula_weights(name, shape.get<std::vector<int64_t>>());
  }
  return tensors;
}

const nn::TensorMap& inception_tensors() {
  static const nn::TensorMap map = tensors_of(golden::load("inception.json")["tensors"]);
  return map;
}

const nn::TensorMap& vgg_tensors() {
  static const nn::TensorMap map = tensors_of(golden::load("perceptual.json")["vgg16"]["tensors"]);
  return map;
}

// Images whose values are whole bytes.
at::Tensor images(int64_t count) {
  return ((golden::formula_images(count, 20, 24) + 1) * 127.5).round() / 127.5 - 1;
}

double difference(const at::Tensor& a, const at::Tensor& b) {
  return ((a - b).norm() / b.norm()).item<double>();
}

TEST(PretrainedInception, PreparesImagesAsTheConventionsDo) {
  const Inception plain(inception_tensors(), "formula");
  const at::Tensor samples = images(1);
  const at::Tensor bytes = (samples + 1) * 127.5;
  for (const char* mode : {"clean", "legacy-pytorch"}) {
    const auto net =
        pretrained_net(inception_tensors(), sha256_hex("w"), "formula", {.resize = mode});
    const at::Tensor sized = resize_for_features(bytes, mode, 299);
    const at::Tensor scaled =
        std::string(mode) == "clean" ? (sized - 128) / 128 : sized / 127.5 - 1;
    EXPECT_EQ(net->resize_mode(), mode);
    EXPECT_EQ(net->name(), "inception");
    EXPECT_LT(difference(net->features(samples), plain.features(scaled)), 1e-5) << mode;
  }
}

TEST(PretrainedInception, RepeatsGreyImagesAndKnowsItsClasses) {
  const auto net = pretrained_net(inception_tensors(), sha256_hex("w"), "formula");
  const at::Tensor grey = images(1).slice(1, 0, 1);
  const at::Tensor features = net->features(grey);
  EXPECT_LT(difference(features, net->features(grey.repeat({1, 3, 1, 1}))), 1e-6);
  EXPECT_EQ(net->classes(), 1008);
  EXPECT_NEAR(net->class_probabilities(features).sum().item<double>(), 1, 1e-5);
  EXPECT_THROW(net->features(at::zeros({1, 2, 20, 20})), UsageError);
  EXPECT_EQ(net->distance_name(), "FD[inception:" + sha256_hex("w").substr(0, 8) + "]");
}

TEST(PretrainedInception, OfThePublishedFileMayBeCalledFid) {
  const auto net = pretrained_net(inception_tensors(), "6726825d" + std::string(56, '1'), "x.pth");
  EXPECT_EQ(net->name(), "inception-2015-12-05");
  EXPECT_EQ(net->distance_name(), "FID");
}

TEST(PretrainedVgg, OpensFromAFile) {
  const data::testing::TempFolder folder;
  const fs::path path = folder / "vgg.safetensors";
  const std::string bytes = media::encode_tensors(vgg_tensors());
  write_file_atomic(path, bytes);
  const testing::ArrayData data("image", images(2));
  const auto net = open_feature_net(path.string(), data);
  EXPECT_EQ(net->name(), "vgg16");
  EXPECT_EQ(net->sha256(), sha256_hex(bytes));
  EXPECT_EQ(net->dim(), 512);
  EXPECT_EQ(net->resize_mode(), "none");
  const at::Tensor both = net->features(data.values());
  EXPECT_EQ(both.sizes(), at::IntArrayRef({2, 512}));
  EXPECT_LT(difference(net->features(data.values().slice(0, 1)), both.slice(0, 1)), 1e-5);
}

TEST(PretrainedNets, RefuseUnknownTensorsAndModes) {
  EXPECT_THROW(pretrained_net({{"x", at::ones({1})}}, "", "x.safetensors"), ModelError);
  EXPECT_THROW(pretrained_net(vgg_tensors(), "", "x", {.resize = "bicubic"}), UsageError);
  nn::TensorMap partial = vgg_tensors();
  partial.erase("features.28.bias");
  EXPECT_THROW(pretrained_net(partial, "", "x"), ModelError);
}

}  // namespace
}  // namespace ganymede::metrics
