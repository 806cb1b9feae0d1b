#include "ganymede/metrics/inception_score.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

#include "ganymede/core/error.h"
#include "tests/golden/metrics_golden.h"

namespace ganymede::metrics {
namespace {

TEST(InceptionScore, EqualsNumpy) {
  const at::Tensor p = at::softmax(2 * golden::hashed_normals(1003, 10, 20), 1);
  for (const auto& [splits, golden] : golden::metric_numbers("inception").items()) {
    const InceptionScore found = inception_score(p, std::stoll(splits));
    EXPECT_NEAR(found.mean, golden["mean"], 1e-12 * found.mean) << splits;
    EXPECT_NEAR(found.sd, golden["sd"], 1e-12) << splits;
    EXPECT_EQ(found.splits, std::stoll(splits));
  }
}

TEST(InceptionScore, ItsEndsAreOneAndTheNumberOfClasses) {
  EXPECT_NEAR(inception_score(at::full({20, 4}, 0.25), 2).mean, 1, 1e-12);
  const at::Tensor sure = at::eye(5, at::kDouble).repeat({6, 1});  // zeros are fine
  EXPECT_NEAR(inception_score(sure, 3).mean, 5, 1e-12);
  EXPECT_NEAR(inception_score(sure, 3).sd, 0, 1e-12);
}

TEST(InceptionScore, RefusesWhatAreNoProbabilities) {
  EXPECT_THROW(inception_score(at::ones({4, 3}), 1), UsageError);
  EXPECT_THROW(inception_score(at::tensor({1.5, -0.5}).view({1, 2}), 1), UsageError);
  EXPECT_THROW(inception_score(at::full({4, 2}, 0.5), 5), UsageError);
  EXPECT_THROW(inception_score(at::full({4, 2}, 0.5), 0), UsageError);
  EXPECT_THROW(inception_score(at::full({4, 2}, NAN), 1), NumericError);
}

}  // namespace
}  // namespace ganymede::metrics
