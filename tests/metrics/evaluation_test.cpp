// The evaluator on toy subjects whose scores are known: the data's own distribution, a collapsed
// generator, copies.
#include "ganymede/metrics/evaluation.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <limits>

#include "ganymede/core/error.h"
#include "ganymede/core/random.h"
#include "ganymede/data/points.h"
#include "tests/data/support.h"

namespace ganymede::metrics {
namespace {

using data::testing::contains;
using data::testing::TempFolder;

// One point of N(shift, 1) in the plane, keyed by seed.
void put_normal(uint64_t seed, double shift, float* out) {
  Stream stream(seed, "toy");
  for (int d = 0; d < 2; ++d) out[d] = static_cast<float>(stream.next_normal() + shift);
}

std::shared_ptr<data::Dataset> normal_points(int64_t count, uint64_t first = 1'000'000) {
  std::vector<float> values(static_cast<size_t>(count) * 2);
  for (int64_t i = 0; i < count; ++i)
    put_normal(first + static_cast<uint64_t>(i), 0, values.data() + 2 * i);
  return data::make_point_array(std::move(values), 2, {}, "normal");
}

Subject normal_subject(double shift = 0) {
  Subject subject;
  subject.spec = {.domain = "points", .shape = {2}, .classes = 0};
  subject.name = "normal";
  subject.sample = [shift](const std::vector<uint64_t>& seeds) {
    at::Tensor points = at::empty({static_cast<int64_t>(seeds.size()), 2});
    for (size_t i = 0; i < seeds.size(); ++i)
      put_normal(seeds[i], shift, points.data_ptr<float>() + 2 * i);
    return points;
  };
  return subject;
}

EvaluationOptions quick(std::vector<std::string> metrics, int64_t samples = 500) {
  EvaluationOptions options;
  options.metrics = std::move(metrics);
  options.samples = samples;
  options.cache = false;
  options.data.path = "toy";
  return options;
}

const Score& score_of(const Record& record, const std::string& metric, size_t nth = 0) {
  for (const Score& score : record.scores) {
    if (score.metric == metric && nth-- == 0) return score;
  }
  throw std::out_of_range(metric);
}

std::string refusal(const std::function<void()>& work) {
  try {
    work();
  } catch (const UsageError& error) {
    return error.what();
  }
  return {};
}

// FD of N(0, I) against N(s, I) is |s|^2.
TEST(Evaluation, AShiftIsItsSquare) {
  const auto reals = normal_points(8000);
  const Record record = evaluate(normal_subject(3), *reals, quick({"fd"}, 4000));
  const Score& fd = score_of(record, "fd");
  EXPECT_NEAR(fd.value, 18, 0.6);
  EXPECT_EQ(fd.name.substr(0, 12), "FD[identity:");
  EXPECT_EQ(fd.repeats.size(), 3U);
  EXPECT_LT(fd.low, fd.value);
  EXPECT_GT(fd.high, fd.value);
  EXPECT_LT(fd.floor, 0.02);
}

TEST(Evaluation, TheSameDistributionIsNearItsFloor) {
  const auto reals = normal_points(4000);
  const Record record = evaluate(normal_subject(), *reals, quick({"fd", "kid", "prdc"}, 1000));
  const Score& fd = score_of(record, "fd");
  EXPECT_LT(fd.value, 0.03);
  EXPECT_LT(std::abs(fd.value - fd.floor), 0.03);
  for (size_t i : {0, 1, 3}) {  // precision, recall, coverage
    const Score& share = score_of(record, "prdc", i);
    EXPECT_GT(share.value, 0.85) << share.name;
    EXPECT_NEAR(share.value, share.floor, 0.06) << share.name;
  }
  EXPECT_TRUE(record.warnings.empty()) << record.warnings.front();
  EXPECT_EQ(record.settings.floor_samples, 1000);
}

TEST(Evaluation, ACollapsedGeneratorIsNamed) {
  Subject subject = normal_subject();
  subject.sample = [](const std::vector<uint64_t>& seeds) {
    at::Tensor points = at::empty({static_cast<int64_t>(seeds.size()), 2});
    for (size_t i = 0; i < seeds.size(); ++i)
      put_normal(seeds[i], 0, points.data_ptr<float>() + 2 * i);
    return points * 0.02;
  };
  const Record record = evaluate(subject, *normal_points(2000), quick({"prdc"}));
  ASSERT_EQ(record.warnings.size(), 1U);
  EXPECT_TRUE(contains(record.warnings[0], "collapsed")) << record.warnings[0];
  EXPECT_LT(score_of(record, "prdc", 1).value, 0.05);
}

TEST(Evaluation, CopiesOfTheTrainingDataAreFlagged) {
  const auto train = normal_points(2000);
  EvaluationOptions options = quick({"memorisation"});
  options.training = train;
  const auto unseen = normal_points(2000, 9'000'000);
  const Record honest = evaluate(normal_subject(), *unseen, options);
  EXPECT_TRUE(honest.warnings.empty()) << honest.warnings.front();
  const Record copied = evaluate(stored_subject(train, "copy"), *unseen, options);
  ASSERT_EQ(copied.warnings.size(), 1U);
  EXPECT_TRUE(contains(copied.warnings[0], "copies")) << copied.warnings[0];
  EXPECT_EQ(copied.settings.training_fingerprint, train->fingerprint());
}

TEST(Evaluation, ReferenceThatTheModelLearnedFromIsSaid) {
  const auto reals = normal_points(2000);
  EvaluationOptions options = quick({"fd"});
  options.training = reals;
  const Record record = evaluate(normal_subject(), *reals, options);
  ASSERT_EQ(record.warnings.size(), 1U);
  EXPECT_TRUE(contains(record.warnings[0], "learned from"));
}

TEST(Evaluation, ModesOfAKnownMixture) {
  data::DataConfig config;
  config.path = "grid25";
  const auto train = data::open_dataset(config);
  config.split = "test";
  EvaluationOptions options = quick({}, 1000);
  options.data = config;
  const Record record =
      evaluate(stored_subject(train, "train"), *data::open_dataset(config), options);
  const Score& modes = score_of(record, "modes");
  EXPECT_EQ(modes.value, 25);
  EXPECT_EQ(modes.unit, "of 25");
  EXPECT_NEAR(score_of(record, "modes", 1).value, 1 - std::exp(-4.5), 0.01);
  EXPECT_LT(score_of(record, "fd").value, 0.2);  // the other default for points
}

TEST(Evaluation, EqualOptionsGiveEqualRecords) {
  const auto reals = normal_points(1500);
  const auto values = [&] {
    std::vector<double> all;
    for (const Score& score :
         evaluate(normal_subject(), *reals, quick({"fd", "kid", "prdc"})).scores)
      all.insert(all.end(), score.repeats.begin(), score.repeats.end());
    return all;
  };
  EXPECT_EQ(values(), values());
}

TEST(Evaluation, RepeatsUseOtherSeedsAndStoredSamplesOnlyOnce) {
  const auto reals = normal_points(1500);
  Evaluator evaluator(reals, quick({"fd"}, 400));
  EXPECT_EQ(evaluator.evaluate(normal_subject()).settings.seeds,
            (std::vector<uint64_t>{0, 400, 800}));
  const Subject stored = stored_subject(normal_points(900, 5'000'000), "stored");
  EXPECT_EQ(evaluator.repeats_of(stored), 2);
  EXPECT_EQ(evaluator.evaluate(stored).scores.front().repeats.size(), 2U);
  const Subject few = stored_subject(normal_points(100, 5'000'000), "few");
  EXPECT_EQ(evaluator.samples_of(few), 100);
  EXPECT_EQ(evaluator.evaluate(few).settings.fake_samples, 100);
}

TEST(Evaluation, AFloorOverHalfOfTheDataIsSaid) {
  const Record record = evaluate(normal_subject(), *normal_points(500), quick({"fd"}, 500));
  EXPECT_EQ(record.settings.floor_samples, 250);
  ASSERT_EQ(record.warnings.size(), 1U);
  EXPECT_TRUE(contains(record.warnings[0], "250 samples"));
}

TEST(EvaluationRefuses, NoMoreSamplesThanFeatures) {
  const auto reals = normal_points(100);
  EvaluationOptions options = quick({"fd"}, 2);
  const std::string error = refusal([&] { evaluate(normal_subject(), *reals, options); });
  EXPECT_TRUE(contains(error, "--allow-small") && contains(error, "-n 1000") &&
              contains(error, "--features"))
      << error;
  options.allow_small = true;
  const Record record = evaluate(normal_subject(), *reals, options);
  EXPECT_TRUE(contains(score_of(record, "fd").warning, "no more samples than features"));
}

TEST(EvaluationRefuses, TheReferenceItself) {
  const auto reals = normal_points(300);
  const std::string error =
      refusal([&] { evaluate(stored_subject(reals, "same"), *reals, quick({"fd"})); });
  EXPECT_TRUE(contains(error, reals->fingerprint())) << error;
}

TEST(EvaluationRefuses, AnotherShape) {
  Subject subject = normal_subject();
  subject.spec.shape = {3};
  const std::string error = refusal([&] { evaluate(subject, *normal_points(300), quick({"fd"})); });
  EXPECT_TRUE(contains(error, "one shape on both sides")) << error;
}

TEST(EvaluationRefuses, SamplesThatAreNotFinite) {
  Subject subject = normal_subject();
  subject.sample = [](const std::vector<uint64_t>& seeds) {
    at::Tensor points = at::zeros({static_cast<int64_t>(seeds.size()), 2});
    points[seeds.size() - 1][1] = std::numeric_limits<double>::quiet_NaN();
    return points;
  };
  try {
    evaluate(subject, *normal_points(300), quick({"fd"}, 10));
    FAIL() << "NaN was taken";
  } catch (const NumericError& error) {
    EXPECT_TRUE(contains(error.what(), "sample 9")) << error.what();
  }
}

TEST(EvaluationRefuses, AStatisticsFileOfAnotherDataSet) {
  const TempFolder folder;
  EvaluationOptions options = quick({"fd"});
  options.statistics = folder / "reference.safetensors";
  const double written =
      score_of(evaluate(normal_subject(), *normal_points(1000), options), "fd").value;
  ASSERT_TRUE(std::filesystem::exists(options.statistics));
  const double read =
      score_of(evaluate(normal_subject(), *normal_points(1000), options), "fd").value;
  EXPECT_EQ(written, read);
  EXPECT_THROW(evaluate(normal_subject(), *normal_points(1000, 7), options), DataError);
}

TEST(EvaluationRefuses, MetricsThatCannotBe) {
  const auto reals = normal_points(300);
  const auto error_of = [&](const std::string& metric) {
    return refusal([&] { evaluate(normal_subject(), *reals, quick({metric})); });
  };
  EXPECT_TRUE(contains(error_of("kdi"), "try: kid"));
  EXPECT_TRUE(contains(error_of("swd"), "allowed: image"));
  EXPECT_TRUE(contains(error_of("is"), "a classifier"));
  EXPECT_TRUE(contains(error_of("modes"), "not known"));
  EXPECT_TRUE(contains(error_of("ppl"), "a generator"));
  EvaluationOptions none = quick({"fd"}, 1);
  EXPECT_TRUE(contains(refusal([&] { evaluate(normal_subject(), *reals, none); }), "2 or more"));
  none = quick({"fd"});
  none.repeats = 0;
  EXPECT_TRUE(contains(refusal([&] { evaluate(normal_subject(), *reals, none); }), "1 or more"));
}

TEST(MetricTable, EveryEntryCanBeFoundAndMeasures) {
  for (const Metric& metric : metric_table()) {
    EXPECT_EQ(&find_metric(metric.name), &metric);
    EXPECT_FALSE(metric.help.empty());
    EXPECT_TRUE(metric.measure);
  }
}

}  // namespace
}  // namespace ganymede::metrics
