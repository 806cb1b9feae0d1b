#include "ganymede/metrics/classifier.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "ganymede/core/error.h"
#include "ganymede/core/files.h"
#include "ganymede/core/hash.h"
#include "ganymede/media/safetensors.h"
#include "ganymede/media/tensor_safetensors.h"
#include "tests/golden/formula_weights.h"
#include "tests/metrics/array_data.h"

namespace ganymede::metrics {
namespace {

TrainedNet example(int64_t classes, std::vector<int64_t> shape = {1, 28, 28}) {
  TrainedNet net = make_trained_net({.shape = std::move(shape),
                                     .classes = classes,
                                     .dim = 16,
                                     .data_fingerprint = "00ff",
                                     .split = "train",
                                     .seed = 7,
                                     .kimg = 1.5,
                                     .held_out = 30,
                                     .accuracy = 0.875});
  net.encoder->initialize(7, "encoder");
  if (net.head) net.head->initialize(7, "head");
  return net;
}

media::ByteSource saved(const TrainedNet& net) {
  const data::testing::TempFolder folder;
  save_trained_net(folder / "net.safetensors", net);
  return {read_file(folder / "net.safetensors"), "net.safetensors"};
}

at::Tensor samples(int64_t count, const std::vector<int64_t>& shape) {
  return golden::formula_images(count, shape[1], shape[2]).slice(1, 0, shape[0]).to(at::kFloat);
}

TEST(TrainedNet, ComesBackFromItsFile) {
  const TrainedNet net = example(10);
  const media::ByteSource source = saved(net);
  ASSERT_TRUE(is_trained_net(source));
  const TrainedNet loaded = load_trained_net(source);
  EXPECT_EQ(loaded.info.kind(), "classifier");
  EXPECT_EQ(loaded.info.shape, net.info.shape);
  EXPECT_EQ(loaded.info.classes, 10);
  EXPECT_EQ(loaded.info.data_fingerprint, "00ff");
  EXPECT_EQ(loaded.info.split, "train");
  EXPECT_EQ(loaded.info.seed, 7U);
  EXPECT_EQ(loaded.info.kimg, 1.5);
  EXPECT_EQ(loaded.info.held_out, 30);
  EXPECT_EQ(loaded.info.accuracy, 0.875);
  const at::Tensor x = samples(3, net.info.shape);
  EXPECT_TRUE(loaded.encoder->forward(x).equal(net.encoder->forward(x)));
}

TEST(TrainedNet, TakesImagesOfEverySize) {
  const std::vector<std::vector<int64_t>> shapes = {{1, 4, 4},   {3, 9, 30},   {1, 28, 28},
                                                    {3, 64, 48}, {3, 65, 100}, {3, 300, 200}};
  for (const std::vector<int64_t>& shape : shapes) {
    const TrainedNet net = example(0, shape);
    const at::Tensor x = samples(2, shape);
    const at::Tensor features = net.encoder->forward(x);
    EXPECT_EQ(features.sizes(), at::IntArrayRef({2, 16})) << shape[1];
    const nn::ModulePtr decoder = make_decoder(net.info);
    decoder->initialize(1, "decoder");
    EXPECT_EQ(decoder->forward(features).sizes(), thumbnails(x).sizes()) << shape[1];
    EXPECT_LE(std::max(thumbnails(x).size(2), thumbnails(x).size(3)), 64);
  }
}

TEST(TrainedNet, ServesFeaturesAndProbabilities) {
  const TrainedNet net = example(10);
  const at::Tensor x = samples(5, net.info.shape);
  const at::Tensor expected = net.encoder->forward(x);
  const auto features = trained_feature_net(example(10), sha256_hex("file"));
  EXPECT_EQ(features->name(), "classifier");
  EXPECT_EQ(features->dim(), 16);
  EXPECT_EQ(features->classes(), 10);
  EXPECT_LT((features->features(x) - expected).abs().max().item<double>(), 1e-5);
  const at::Tensor shares = features->probabilities(x);
  EXPECT_EQ(shares.sizes(), at::IntArrayRef({5, 10}));
  EXPECT_LT((shares.sum(1) - 1).abs().max().item<double>(), 1e-5);
  EXPECT_EQ(features->distance_name(), "FD[classifier:" + sha256_hex("file").substr(0, 8) + "]");
  EXPECT_THROW(features->features(x.slice(2, 0, 20)), UsageError);
}

TEST(TrainedNet, OpensByPathForDataOfItsShape) {
  const data::testing::TempFolder folder;
  const fs::path path = folder / "net.safetensors";
  save_trained_net(path, example(0));
  const testing::ArrayData data("image", samples(4, {1, 28, 28}));
  const auto net = open_feature_net(path.string(), data);
  EXPECT_EQ(net->name(), "autoencoder");
  EXPECT_EQ(net->sha256(), sha256_hex_file(path));
  EXPECT_FALSE(net->probabilities(data.values()).defined());
  const testing::ArrayData other("image", samples(4, {3, 32, 32}));
  EXPECT_THROW(open_feature_net(path.string(), other), UsageError);
}

TEST(TrainedNet, RefusesDamagedMetadata) {
  const media::ByteSource good = saved(example(10));
  const nn::TensorMap tensors = media::decode_tensors(good);
  const auto metadata = media::read_safetensors_header(good).metadata;
  const std::vector<std::pair<std::string, std::string>> wrong = {{"ganymede.features", "2"},
                                                                  {"shape", "1,28"},
                                                                  {"shape", "1,28,2 8"},
                                                                  {"shape", ""},
                                                                  {"classes", "11"},
                                                                  {"classes", "-1"},
                                                                  {"dim", "99999999999"},
                                                                  {"dim", "17"},
                                                                  {"kind", "autoencoder"},
                                                                  {"accuracy", "high"},
                                                                  {"seed", "-3"},
                                                                  {"shape", "1,100000,100000"}};
  for (const auto& [key, value] : wrong) {
    auto changed = metadata;
    changed[key] = value;
    const media::ByteSource source(media::encode_tensors(tensors, changed), "bad.safetensors");
    EXPECT_THROW(load_trained_net(source), ModelError) << key << " = " << value;
    changed.erase(key);
    const media::ByteSource without(media::encode_tensors(tensors, changed), "bad.safetensors");
    EXPECT_THROW(load_trained_net(without), ModelError) << "without " << key;
  }
}

TEST(TrainedNet, RefusesImpossibleShapes) {
  for (const std::vector<int64_t>& shape : std::vector<std::vector<int64_t>>{
           {28, 28}, {0, 28, 28}, {1, 3, 28}, {1, 8, 100}, {17, 28, 28}, {1, 5000, 5000}}) {
    EXPECT_THROW(make_trained_net({.shape = shape}), UsageError);
  }
}

}  // namespace
}  // namespace ganymede::metrics
