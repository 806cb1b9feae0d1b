// The networks that need no trained file.
#include "ganymede/metrics/feature_net.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <fstream>

#include "ganymede/core/error.h"
#include "ganymede/core/hash.h"
#include "ganymede/metrics/function_net.h"
#include "ganymede/metrics/pretrained_nets.h"
#include "tests/golden/formula_weights.h"
#include "tests/metrics/array_data.h"

namespace ganymede::metrics {
namespace {

using testing::ArrayData;

at::Tensor grey_images(int64_t count, int64_t side) {
  return golden::formula_images(count, side, side).slice(1, 0, 1).to(at::kFloat).contiguous();
}

ArrayData image_data(int64_t count = 40, int64_t side = 12) {
  return ArrayData("image", grey_images(count, side));
}

std::string error_of(const std::string& name, const data::Dataset& data,
                     const FeatureNetOptions& options = {}) {
  try {
    open_feature_net(name, data, options);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

void expect_contains(const std::string& text, const std::string& part) {
  EXPECT_NE(text.find(part), std::string::npos) << part << " is not in: " << text;
}

TEST(FeatureNets, IdentityReturnsTheValues) {
  const ArrayData data("points", golden::noise("points", {30, 2}).to(at::kFloat));
  const auto net = open_feature_net("identity", data);
  EXPECT_EQ(net->name(), "identity");
  EXPECT_EQ(net->dim(), 2);
  EXPECT_EQ(net->classes(), 0);
  EXPECT_EQ(net->sha256(), sha256_hex(""));
  EXPECT_TRUE(net->features(data.values()).equal(data.values()));
  EXPECT_FALSE(net->probabilities(data.values()).defined());
  EXPECT_EQ(net->distance_name(), "FD[identity:e3b0c442]");
  EXPECT_THROW(net->features(at::zeros({4, 3})), UsageError);
  EXPECT_THROW(net->features(at::zeros({4, 2}, at::kLong)), UsageError);
}

TEST(FeatureNets, RandomDependsOnTheSeedAloneAndNotOnTheBatch) {
  const ArrayData data = image_data();
  const auto net = open_feature_net("random", data);
  const auto same = open_feature_net("random", data);
  const auto other = open_feature_net("random", data, {.seed = 1});
  const at::Tensor& x = data.values();
  const at::Tensor features = net->features(x);
  EXPECT_EQ(features.sizes(), at::IntArrayRef({40, 128}));
  EXPECT_EQ(net->sha256(), same->sha256());
  EXPECT_NE(net->sha256(), other->sha256());
  EXPECT_TRUE(features.equal(same->features(x)));
  EXPECT_FALSE(features.allclose(other->features(x)));
  EXPECT_LT((features[7] - net->features(x.slice(0, 7, 8))[0]).abs().max().item<double>(), 1e-5);
  EXPECT_GT(features.std(0).min().item<double>(), 0);
}

// Figures of one version must compare with those of the next.
TEST(FeatureNets, RandomKeepsItsWeightsForEver) {
  const auto net = open_feature_net("random", image_data());
  EXPECT_EQ(net->sha256().substr(0, 16), "75e76c65d8434ea2");
}

TEST(FeatureNets, PcaProjectsOnPrincipalAxes) {
  const ArrayData data("points", golden::noise("pca", {200, 5}).to(at::kFloat) *
                                     at::tensor({5.0, 1.0, 3.0, 0.1, 2.0}, at::kFloat));
  const auto net = open_feature_net("pca", data);
  EXPECT_EQ(net->dim(), 5);
  const at::Tensor scores = net->features(data.values()).to(at::kDouble);
  EXPECT_LT(scores.mean(0).abs().max().item<double>(), 1e-5);
  const at::Tensor covariance = at::cov(scores.t());
  const at::Tensor variances = covariance.diagonal();
  EXPECT_LT((covariance - at::diag(variances)).abs().max().item<double>(), 1e-4);
  EXPECT_TRUE(variances.slice(0, 1).le(variances.slice(0, 0, 4)).all().item<bool>());
  const at::Tensor original = at::cov(data.values().to(at::kDouble).t());
  EXPECT_NEAR(variances.sum().item<double>(), original.trace().item<double>(), 1e-4);
}

// With fewer samples than values the axes come from the Gram matrix: distances must stay.
TEST(FeatureNets, PcaOfFewSamplesKeepsTheirDistances) {
  const ArrayData data = image_data(20);
  const auto net = open_feature_net("pca", data);
  EXPECT_EQ(net->dim(), 19);
  const at::Tensor x = data.values().flatten(1);
  const at::Tensor scores = net->features(data.values());
  EXPECT_LT((at::cdist(scores, scores) - at::cdist(x, x)).abs().max().item<double>(), 1e-3);
}

TEST(FeatureNets, PcaOfMoreValuesThanAxesReconstructsAsTheSvdDoes) {
  const ArrayData data = image_data(120, 10);
  const auto net = open_feature_net("pca", data);
  ASSERT_EQ(net->dim(), 64);
  const at::Tensor x = data.values().flatten(1).to(at::kDouble);
  const at::Tensor singular = at::linalg_svdvals(x - x.mean(0)).slice(0, 0, 64);
  const at::Tensor lengths = net->features(data.values()).to(at::kDouble).norm(2, {0});
  EXPECT_LT((lengths - singular).abs().max().item<double>(), 1e-5 * singular.max().item<double>());
}

TEST(FeatureNets, PcaSurvivesDataWithoutVariance) {
  const ArrayData data("points", at::ones({10, 3}));
  const auto net = open_feature_net("pca", data);
  EXPECT_EQ(net->features(data.values()).abs().max().item<double>(), 0);
}

TEST(FeatureNets, PcaRefusesTooLittleAndBrokenData) {
  expect_contains(error_of("pca", ArrayData("points", at::ones({1, 3}))), "2 or more");
  expect_contains(error_of("pca", ArrayData("points", at::full({9, 3}, std::nan("")))), "NaN");
}

TEST(FeatureNets, SaysWhatIsAllowedForOtherNames) {
  const ArrayData data = image_data();
  expect_contains(error_of("incepton", data), "random, pca, identity, or a .safetensors file");
  expect_contains(error_of("randon", data), "try: random");
  expect_contains(error_of("random", ArrayData("points", at::ones({9, 3}))), "images");
  const data::testing::TempFolder folder;
  std::ofstream(folder / "net.pth") << "PK";
  expect_contains(error_of((folder / "net.pth").string(), data), "safetensors");
  std::ofstream(folder / "net.safetensors") << "nothing";
  expect_contains(error_of((folder / "net.safetensors").string(), data), "net.safetensors");
}

TEST(FunctionFeatureNet, ChecksWhatTheFunctionReturns) {
  const FunctionFeatureNet net("discriminator", std::string(64, 'a'), 2,
                               [](const at::Tensor& x) { return x.flatten(1).slice(1, 0, 2); });
  EXPECT_EQ(net.features(at::ones({130, 3, 2, 2})).sizes(), at::IntArrayRef({130, 2}));
  EXPECT_EQ(net.distance_name(), "FD[discriminator:aaaaaaaa]");
  EXPECT_THROW(net.features(at::ones({4, 1})), UsageError);
  EXPECT_THROW(FunctionFeatureNet("x", "", 0, nullptr), UsageError);
}

TEST(DistanceName, IsFidForThePublishedWeightsOnly) {
  const std::string published = "6726825d" + std::string(56, '0');
  EXPECT_EQ(published_name(published), "inception-2015-12-05");
  EXPECT_EQ(published_name("6726825d"), std::nullopt);
  EXPECT_EQ(published_name(sha256_hex("")), std::nullopt);
  const auto nothing = [](const at::Tensor& x) { return x; };
  const FunctionFeatureNet claims("inception-2015-12-05", sha256_hex(""), 1, nothing);
  EXPECT_EQ(claims.distance_name(), "FD[inception-2015-12-05:e3b0c442]");
  const FunctionFeatureNet known("inception-2015-12-05", published, 1, nothing);
  EXPECT_EQ(known.distance_name(), "FID");
}

}  // namespace
}  // namespace ganymede::metrics
