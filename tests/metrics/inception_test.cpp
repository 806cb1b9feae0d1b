#include "ganymede/metrics/inception.h"

#include <gtest/gtest.h>

#include <cmath>

#include "ganymede/core/error.h"
#include "tests/golden/formula_weights.h"
#include "tests/golden/summary.h"

namespace ganymede::metrics {
namespace {

const nlohmann::json& table() {
  static const nlohmann::json json = golden::load("inception.json");
  return json;
}

nn::TensorMap formula_tensors() {
  nn::TensorMap tensors;
  for (const auto& [name, shape] : table()["tensors"].items()) {
    tensors[name] = golden::formula_weights(name, shape.get<std::vector<int64_t>>());
  }
  return tensors;
}

const nn::TensorMap& tensors() {
  static const nn::TensorMap map = formula_tensors();
  return map;
}

// Features against the numbers of inception.py, relative to the size of a feature.
void expect_features(const at::Tensor& features, const nlohmann::json& golden, double tolerance) {
  ASSERT_EQ(features.size(0), static_cast<int64_t>(golden["features"].size()));
  ASSERT_EQ(features.size(1), Inception::kFeatures);
  for (int64_t n = 0; n < features.size(0); ++n) {
    const auto wanted = golden["features"][static_cast<size_t>(n)].get<std::vector<double>>();
    const at::Tensor row = features[n].to(at::kDouble);
    EXPECT_NEAR(row.norm().item<double>(), wanted[0], tolerance * wanted[0]);
    EXPECT_NEAR(row.mean().item<double>(), wanted[1], tolerance * wanted[1]);
    for (size_t i = 2; i < wanted.size(); ++i) {
      EXPECT_NEAR(row[static_cast<int64_t>(i) - 2].item<double>(), wanted[i], tolerance * wanted[1])
          << "image " << n << ", feature " << i - 2;
    }
  }
}

void expect_logits(const at::Tensor& logits, const nlohmann::json& golden, double tolerance) {
  for (int64_t n = 0; n < logits.size(0); ++n) {
    const auto wanted = golden["logits"][static_cast<size_t>(n)].get<std::vector<double>>();
    const double scale = logits[n].abs().max().item<double>();
    for (size_t i = 0; i < wanted.size(); ++i) {
      EXPECT_NEAR(logits[n][static_cast<int64_t>(i)].item<double>(), wanted[i], tolerance * scale);
    }
  }
}

TEST(Inception, EqualsPytorchInSinglePrecision) {
  const Inception net(tensors(), "formula");
  const auto& golden = table()["cases"][0];
  const at::Tensor features = net.features(golden::formula_images(2, 299, 299));
  expect_features(features, golden, 1e-4);
  expect_logits(net.logits(features), golden, 1e-4);
}

TEST(Inception, EqualsPytorchInDoublePrecision) {
  const Inception net(tensors(), "formula", at::kDouble);
  const auto& golden = table()["cases"][1];
  const at::Tensor features = net.features(golden::formula_images(1, 107, 107));
  expect_features(features, golden, 1e-9);
  expect_logits(net.logits(features), golden, 1e-9);
}

TEST(Inception, ProbabilitiesLeaveTheBiasOut) {
  const Inception net(tensors(), "formula");
  const at::Tensor features = golden::noise("features", {3, Inception::kFeatures}).to(at::kFloat);
  const at::Tensor expected = at::matmul(features, tensors().at("fc.weight").t()).softmax(1);
  const at::Tensor found = net.probabilities(features);
  EXPECT_LT((found - expected).abs().max().item<double>(), 1e-5);
  EXPECT_LT((found.sum(1) - 1).abs().max().item<double>(), 1e-5);
}

std::string error_of(const nn::TensorMap& map) {
  try {
    const Inception net(map, "weights.safetensors");
  } catch (const ModelError& error) {
    return error.what();
  }
  return "no error";
}

TEST(Inception, NamesTensorsThatDoNotFit) {
  nn::TensorMap map = tensors();
  map["Mixed_5b.branch1x1.bn.num_batches_tracked"] = at::zeros({}, at::kLong);
  EXPECT_EQ(error_of(map), "no error");
  map["Conv2d_2a_3x3.conv.weight"] = at::zeros({32, 32, 5, 5});
  map["Mixed_7c.branch_pool.bn.bias"] = at::full({192}, std::nan(""));
  map["extra"] = at::zeros({1});
  map.erase("fc.bias");
  const std::string text = error_of(map);
  for (const char* part : {"weights.safetensors",
                           "Conv2d_2a_3x3.conv.weight is [32, 32, 5, 5], expected [32, 32, 3, 3]",
                           "Mixed_7c.branch_pool.bn.bias has values that are not finite",
                           "fc.bias is missing", "1 tensors are no part of it (extra)"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << " in " << text;
  }
}

TEST(Inception, RefusesImagesOfOtherShapes) {
  const Inception net(tensors(), "formula");
  EXPECT_THROW(net.features(at::zeros({1, 1, 299, 299})), UsageError);
  EXPECT_THROW(net.features(at::zeros({1, 3, 64, 64})), UsageError);
  EXPECT_THROW(net.features(at::zeros({3, 299, 299})), UsageError);
}

}  // namespace
}  // namespace ganymede::metrics
