// What the metrics say about generators that fail in a known way: 2,000 samples of 32 Gaussian
// features, k = 5. The expected numbers come from an independent experiment with one other draw, so
// the tolerances are three standard deviations, measured over ten draws, where these exceed 0.02
// (density of equal distributions: 0.04 each; of a collapsed generator: 4; precision under a shift:
// 0.022), and less where a value hardly varies.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <string>

#include "ganymede/core/random.h"
#include "ganymede/metrics/authenticity.h"
#include "ganymede/metrics/kernel_distance.h"
#include "ganymede/metrics/prdc.h"

namespace ganymede::metrics {
namespace {

constexpr int64_t kSamples = 2000;
constexpr int64_t kFeatures = 32;

struct Value {
  double expected, tolerance;
};

struct Signature {
  std::string name;
  Value precision, recall, density, coverage, kernel_distance, authentic;
};

at::Tensor normals(uint64_t index) {
  return Stream(0, "signatures", index).normal({kSamples, kFeatures});
}

at::Tensor fakes(const std::string& name, const at::Tensor& train) {
  const at::Tensor fresh = normals(1);
  if (name == "same") return fresh;
  if (name == "copy") return train.clone();
  if (name == "noisy_copy") return train + 1e-3 * fresh;
  if (name == "collapsed") return 0.05 * fresh;
  if (name == "shifted") return fresh + 0.5;
  if (name == "wider") return 2 * fresh;
  at::Tensor folded = fresh.clone();  // "one_sign_missing"
  folded.select(1, 0).abs_();
  return folded;
}

class Signatures : public ::testing::TestWithParam<Signature> {};

void expect_near(double found, const Value& value, const char* what) {
  EXPECT_NEAR(found, value.expected, value.tolerance) << what;
}

TEST_P(Signatures, AreTheKnownOnes) {
  const Signature& expected = GetParam();
  const at::Tensor train = normals(0);
  const at::Tensor fake = fakes(expected.name, train);
  const Prdc found = precision_recall(train, fake, 5);
  expect_near(found.precision, expected.precision, "precision");
  expect_near(found.recall, expected.recall, "recall");
  expect_near(found.density, expected.density, "density");
  expect_near(found.coverage, expected.coverage, "coverage");
  expect_near(kernel_distance(train, fake, 0, 1, kSamples).mean, expected.kernel_distance, "KID");
  expect_near(authentic_share(train, fake), expected.authentic, "authenticity");
}

INSTANTIATE_TEST_SUITE_P(
    Cases, Signatures,
    ::testing::Values(
        Signature{"same",
                  {0.78, 0.03},
                  {0.80, 0.03},
                  {0.92, 0.12},
                  {0.963, 0.02},
                  {3e-4, 0.003},
                  {0.785, 0.04}},
        Signature{"copy", {1, 0}, {1, 0}, {1, 1e-12}, {1, 0}, {-0.007, 0.001}, {0, 0}},
        Signature{"noisy_copy", {1, 0}, {1, 0}, {1.10, 0.02}, {1, 0}, {-0.007, 0.001}, {0, 0}},
        Signature{"collapsed", {1, 0}, {0, 0}, {163, 12}, {0.627, 0.03}, {0.091, 0.005}, {0, 0.04}},
        Signature{"one_sign_missing",
                  {0.78, 0.03},
                  {0.71, 0.03},
                  {1.02, 0.12},
                  {0.943, 0.02},
                  {0.063, 0.01},
                  {0.775, 0.04}},
        Signature{"shifted",
                  {0.47, 0.07},
                  {0.51, 0.06},
                  {0.32, 0.06},
                  {0.532, 0.05},
                  {1.03, 0.10},
                  {0.90, 0.04}},
        Signature{"wider", {0, 0.02}, {1, 0}, {0, 0.02}, {0.001, 0.02}, {0.85, 0.03}, {1, 0.02}}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace ganymede::metrics
