// The linear probe against Newton's method in NumPy (tests/golden/linear_probe.py), and on data
// whose best accuracy is known.
#include "ganymede/metrics/linear_probe.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>

#include "ganymede/core/error.h"
#include "ganymede/core/random.h"
#include "ganymede/metrics/threshold.h"
#include "tests/golden/summary.h"

namespace ganymede::metrics {
namespace {

at::Tensor formula(int64_t count, int64_t dim) {
  at::Tensor x = at::empty({count, dim}, at::kDouble);
  for (int64_t i = 0; i < count; ++i) {
    for (int64_t j = 0; j < dim; ++j) {
      const auto a = static_cast<double>(i);
      const auto b = static_cast<double>(j);
      x[i][j] = std::sin(1.3 * a + 0.7 * b * a + b);
    }
  }
  return x;
}

at::Tensor formula_labels(int64_t count, int64_t classes) {
  at::Tensor labels = at::empty({count}, at::kLong);
  for (int64_t i = 0; i < count; ++i) {
    const double angle = 2.1 * static_cast<double>(i);
    labels[i] =
        std::min(static_cast<int64_t>(std::floor(3 * std::abs(std::sin(angle)))), classes - 1);
  }
  return labels;
}

at::Tensor tensor_of(const nlohmann::json& rows) {
  return at::tensor(rows.get<std::vector<double>>(), at::kDouble);
}

TEST(LinearProbe, FindsTheMinimumOfAnIndependentSolver) {
  const nlohmann::json golden = golden::load("linear_probe.json");
  const auto count = golden["count"].get<int64_t>();
  const auto classes = golden["classes"].get<int64_t>();
  const at::Tensor x = formula(count, golden["dim"]);
  for (const nlohmann::json& one : golden["cases"]) {
    const SoftmaxFit fit = fit_softmax(x, formula_labels(count, classes), classes,
                                       {.l2 = one["l2"], .tolerance = 1e-10});
    EXPECT_NEAR(fit.objective, one["objective"].get<double>(), 1e-12);
    EXPECT_LT(fit.gradient_norm, 1e-9);
    EXPECT_TRUE(at::allclose(fit.bias, tensor_of(one["bias"]), 0, 1e-6));
    for (int64_t c = 0; c < classes; ++c) {
      EXPECT_TRUE(at::allclose(fit.weight[c], tensor_of(one["weight"][c]), 0, 1e-6));
    }
  }
}

// Class k lies around the k-th axis; the other dimensions are noise of any scale.
std::pair<at::Tensor, at::Tensor> blobs(int64_t count, uint64_t index) {
  Stream random(7, "blobs", index);
  const at::Tensor labels = random.integers({count}, 0, 4);
  at::Tensor x = random.normal({count, 12}) * 0.05;
  x += at::one_hot(labels, 12).to(at::kFloat);
  x.slice(1, 4, 8) *= 1000;
  x.select(1, 8).fill_(3);
  return {x, labels};
}

TEST(LinearProbe, SeparatesWhatIsSeparable) {
  const auto [x, y] = blobs(200, 0);
  const auto [test, test_labels] = blobs(500, 1);
  const ProbeResult found = linear_probe(x, y, test, test_labels, 4);
  EXPECT_GT(found.accuracy, 0.99);
  const ProbeResult again = linear_probe(x, y, test, test_labels, 4);
  EXPECT_EQ(found.accuracy, again.accuracy);
  EXPECT_EQ(found.l2, again.l2);
}

TEST(LinearProbe, FindsNothingInNoise) {
  Stream random(3, "noise");
  const at::Tensor x = random.normal({200, 10});
  const at::Tensor y = random.integers({200}, 0, 4);
  const at::Tensor test = random.normal({2000, 10});
  const at::Tensor test_labels = random.integers({2000}, 0, 4);
  EXPECT_NEAR(linear_probe(x, y, test, test_labels, 4).accuracy, 0.25, 0.05);
}

TEST(LinearProbe, RefusesWhatItCannotFit) {
  const at::Tensor x = formula(6, 2);
  const at::Tensor y = formula_labels(6, 3);
  EXPECT_THROW(fit_softmax(x, y.narrow(0, 0, 5), 3), UsageError);
  EXPECT_THROW(fit_softmax(x, y + 3, 3), UsageError);
  EXPECT_THROW(fit_softmax(x, y, 3, {.l2 = 0}), UsageError);
  EXPECT_THROW(fit_softmax(x * std::numeric_limits<double>::infinity(), y, 3), NumericError);
  EXPECT_THROW(linear_probe(x, y, formula(6, 3), y, 3), UsageError);
  EXPECT_THROW(linear_probe(x.narrow(0, 0, 1), y.narrow(0, 0, 1), x, y, 3), UsageError);
}

TEST(Threshold, QuantilesAreThoseOfNumpy) {
  EXPECT_DOUBLE_EQ(quantile({3, 1, 2, 4}, 0.5), 2.5);
  EXPECT_DOUBLE_EQ(quantile({3, 1, 2, 4}, 0.05), 1.15);
  EXPECT_DOUBLE_EQ(quantile({3, 1, 2, 4}, 1), 4);
  EXPECT_DOUBLE_EQ(quantile({7}, 0.3), 7);
  EXPECT_THROW(quantile({}, 0.5), UsageError);
  EXPECT_THROW(quantile({1}, 1.5), UsageError);
}

TEST(Threshold, SharesCountTheThresholdItself) {
  EXPECT_DOUBLE_EQ(share_at_least({1, 2, 3, 4}, 2), 0.75);
  EXPECT_DOUBLE_EQ(share_at_least({1, 2}, 5), 0);
  EXPECT_DOUBLE_EQ(share_at_least({}, 0), 0);
}

}  // namespace
}  // namespace ganymede::metrics
