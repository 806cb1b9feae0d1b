// What the metrics say about generators that fail in a known way: 2,000 samples of 32 Gaussian
// features, k = 5. The expected numbers come from an independent experiment with another draw.
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

struct Signature {
  std::string name;
  double precision, recall, density, coverage, kernel_distance, authentic;
};

at::Tensor normals(uint64_t index) {
  return Stream(0, "signatures", index).normal({kSamples, kFeatures});
}

at::Tensor fakes(const std::string& name, const at::Tensor& train, uint64_t draw) {
  const at::Tensor fresh = normals(2 * draw + 1);
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

TEST_P(Signatures, AreTheKnownOnes) {
  const Signature& expected = GetParam();
  for (uint64_t draw = 0; draw < 10; ++draw) {
    const at::Tensor train = normals(2 * draw);
    const at::Tensor fake = fakes(expected.name, train, draw);
    const Prdc found = precision_recall(train, fake, 5);
    const double kid = kernel_distance(train, fake, 0, 1, kSamples).mean;
    std::printf("%s %.4f %.4f %.4f %.4f %.5f %.4f\n", expected.name.c_str(), found.precision,
                found.recall, found.density, found.coverage, kid, authentic_share(train, fake));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Cases, Signatures,
    ::testing::Values(Signature{"same", 0.78, 0.80, 0.92, 0.963, 3e-4, 0.785},
                      Signature{"copy", 1, 1, 1, 1, -0.007, 0},
                      Signature{"noisy_copy", 1, 1, 1.10, 1, -0.007, 0},
                      Signature{"collapsed", 1, 0, 163, 0.627, 0.091, 0},
                      Signature{"one_sign_missing", 0.78, 0.71, 1.02, 0.943, 0.063, 0.775},
                      Signature{"shifted", 0.47, 0.51, 0.32, 0.532, 1.03, 0.90},
                      Signature{"wider", 0, 1, 0, 0.001, 0.85, 1}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace ganymede::metrics
