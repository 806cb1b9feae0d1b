#include "ganymede/metrics/prdc.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "ganymede/core/error.h"
#include "ganymede/metrics/authenticity.h"
#include "tests/golden/metrics_golden.h"

namespace ganymede::metrics {
namespace {

TEST(Prdc, EqualsBruteForceInPython) {
  for (const auto& [name, golden] : golden::metric_numbers("prdc").items()) {
    const size_t space = name.find(' ');
    const auto [real, fake] = golden::neighbour_pair(name.substr(0, space));
    const Prdc found = precision_recall(real, fake, std::stoll(name.substr(space)));
    EXPECT_DOUBLE_EQ(found.precision, golden["precision"]) << name;
    EXPECT_DOUBLE_EQ(found.recall, golden["recall"]) << name;
    EXPECT_DOUBLE_EQ(found.density, golden["density"]) << name;
    EXPECT_DOUBLE_EQ(found.coverage, golden["coverage"]) << name;
  }
}

// Precision is about the fakes and recall about the reals: easily swapped.
TEST(Prdc, FakesThatMissHalfTheDataArePreciseOnly) {
  const at::Tensor half = golden::hashed_normals(100, 2, 70);
  const at::Tensor real = at::cat({half, half + 50});
  const Prdc found = precision_recall(real, golden::hashed_normals(100, 2, 71) * 0.5, 3);
  EXPECT_GT(found.precision, 0.95);
  EXPECT_LT(found.recall, 0.5);
  EXPECT_LT(found.coverage, 0.5);
}

TEST(Prdc, RefusesTooFewSamples) {
  const at::Tensor x = at::arange(10, at::kDouble).view({5, 2});
  EXPECT_NO_THROW(precision_recall(x, x, 4));
  EXPECT_THROW(precision_recall(x, x, 5), UsageError);
  EXPECT_THROW(precision_recall(x, x, 0), UsageError);
}

TEST(Authenticity, EqualsBruteForceInPython) {
  for (const auto& [name, golden] : golden::metric_numbers("authentic").items()) {
    const auto [real, fake] = golden::neighbour_pair(name);
    EXPECT_DOUBLE_EQ(authentic_share(real, fake), golden.get<double>()) << name;
  }
}

TEST(Authenticity, ByHand) {
  // Nearest others of the training samples: 1, 1, 8 away.
  const at::Tensor train = at::tensor({0.0, 1.0, 9.0}, at::kDouble).view({3, 1});
  const at::Tensor fake = at::tensor({-0.5, -1.0, -1.5, 3.0, 16.0, 18.0}, at::kDouble).view({6, 1});
  EXPECT_DOUBLE_EQ(authentic_share(train, fake), 3.0 / 6);  // -1.5, 3 and 18
  EXPECT_THROW(authentic_share(train.slice(0, 0, 1), fake), UsageError);
}

}  // namespace
}  // namespace ganymede::metrics
