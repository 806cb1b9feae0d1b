#include "ganymede/metrics/feature_statistics.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "ganymede/core/error.h"
#include "ganymede/core/random.h"
#include "tests/golden/metrics_golden.h"
#include "tests/metrics/threads.h"

namespace ganymede::metrics {
namespace {

FeatureStatistics in_batches(const at::Tensor& features, int64_t batch, bool keep = false) {
  FeatureStatistics statistics(features.size(1), keep);
  for (int64_t i = 0; i < features.size(0); i += batch) {
    statistics.add(features.slice(0, i, i + batch));
  }
  return statistics;
}

void expect_near(const at::Tensor& found, const at::Tensor& expected, double relative) {
  const double scale = expected.abs().max().item<double>();
  EXPECT_LE((found - expected).abs().max().item<double>(), relative * scale);
}

TEST(FeatureStatistics, EqualsNumpy) {
  const auto& golden = golden::metric_numbers("moments");
  const FeatureStatistics statistics = in_batches(golden::moment_pair("correlated").real, 77);
  const auto mean = golden["mean"].get<std::vector<double>>();
  const auto covariance = golden["covariance"].get<std::vector<double>>();
  expect_near(statistics.mean(), at::tensor(mean, at::kDouble), 1e-13);
  expect_near(statistics.covariance().flatten(), at::tensor(covariance, at::kDouble), 1e-13);
}

TEST(FeatureStatistics, BatchSizesAndThreadsChangeNoBit) {
  const at::Tensor features = Stream(1, "statistics").normal({1500, 300}) + 5;
  const testing::Threads threads;
  testing::Threads::use(1);
  const FeatureStatistics one = in_batches(features, 1500);
  for (const int count : {1, 2}) {
    testing::Threads::use(count);
    for (const int64_t batch : {1, 7, 256, 700}) {
      const FeatureStatistics other = in_batches(features, batch);
      EXPECT_TRUE(other.mean().equal(one.mean())) << batch << " per batch, " << count;
      EXPECT_TRUE(other.covariance().equal(one.covariance())) << batch << ", " << count;
    }
  }
}

TEST(FeatureStatistics, MergedShardsEqualOnePass) {
  const at::Tensor features = Stream(2, "statistics").normal({1111, 40}) * 0.1 + 30;
  const FeatureStatistics whole = in_batches(features, 100, true);
  FeatureStatistics merged(40);
  for (const auto& [begin, end] : {std::pair{0, 300}, {300, 301}, {301, 301}, {301, 1111}}) {
    merged.merge(in_batches(features.slice(0, begin, end), 64, true));
  }
  EXPECT_EQ(merged.count(), 1111);
  expect_near(merged.mean(), whole.mean(), 1e-12);
  expect_near(merged.covariance(), whole.covariance(), 1e-12);
  EXPECT_TRUE(merged.features().equal(features));
  // What was merged stays usable, and more samples may follow.
  merged.add(features.slice(0, 0, 10));
  FeatureStatistics longer = in_batches(at::cat({features, features.slice(0, 0, 10)}), 64, true);
  expect_near(merged.covariance(), longer.covariance(), 1e-12);
}

TEST(FeatureStatistics, AHugeOffsetCostsNoDigits) {
  const at::Tensor noise = Stream(3, "statistics").normal({2000, 3}).to(at::kDouble);
  const at::Tensor plain = in_batches(noise, 2000).covariance();
  // 2^26 and 2^-20 steps: noise that survives the offset exactly.
  const at::Tensor steps = (noise * 0x1p20).round() * 0x1p-20;
  const at::Tensor moved = in_batches(steps + 0x1p26, 100).covariance();
  expect_near(moved, in_batches(steps, 100).covariance(), 1e-12);
  expect_near(moved, plain, 1e-5);
}

TEST(FeatureStatistics, NamesTheSampleThatIsNotFinite) {
  FeatureStatistics statistics(3);
  statistics.add(at::zeros({4, 3}));
  at::Tensor bad = at::zeros({5, 3});
  bad[2][1] = std::numeric_limits<float>::quiet_NaN();
  bad[3][0] = std::numeric_limits<float>::infinity();
  try {
    statistics.add(bad);
    FAIL() << "NaN was taken";
  } catch (const NumericError& error) {
    EXPECT_NE(std::string(error.what()).find("sample 6"), std::string::npos) << error.what();
  }
  EXPECT_EQ(statistics.count(), 4);  // nothing of the batch was taken
}

TEST(FeatureStatistics, RefusesWhatItCannotTell) {
  EXPECT_THROW(FeatureStatistics(0), UsageError);
  FeatureStatistics statistics(3, /*keep=*/false);
  EXPECT_THROW(statistics.mean(), UsageError);
  statistics.add(at::ones({1, 3}));
  EXPECT_THROW(statistics.covariance(), UsageError);
  EXPECT_THROW(statistics.features(), UsageError);
  EXPECT_THROW(statistics.add(at::ones({2, 4})), UsageError);
  EXPECT_THROW(statistics.add(at::ones({2, 3}, at::kLong)), UsageError);
  EXPECT_THROW(statistics.merge(FeatureStatistics(4, false)), UsageError);
  EXPECT_THROW(statistics.merge(FeatureStatistics(3, true)), UsageError);
  EXPECT_TRUE(statistics.mean().equal(at::ones({3}, at::kDouble)));
}

TEST(FeatureStatistics, KeepsCopies) {
  at::Tensor batch = at::ones({2, 2});
  FeatureStatistics statistics(2);
  EXPECT_EQ(statistics.features().size(0), 0);
  statistics.add(batch);
  batch.zero_();
  EXPECT_TRUE(statistics.features().equal(at::ones({2, 2})));
}

}  // namespace
}  // namespace ganymede::metrics
