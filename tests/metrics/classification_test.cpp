// Best matching against trying every permutation; shares of rightly named samples; figures within
// classes of subjects whose answers are known.
#include "ganymede/metrics/classification.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>

#include "ganymede/core/error.h"
#include "ganymede/core/random.h"
#include "ganymede/metrics/evaluation.h"
#include "ganymede/metrics/report.h"
#include "tests/metrics/array_data.h"

namespace ganymede::metrics {
namespace {

double gain_of(const at::Tensor& gains, const std::vector<int64_t>& columns) {
  double sum = 0;
  for (size_t row = 0; row < columns.size(); ++row) {
    if (columns[row] >= 0) sum += gains[static_cast<int64_t>(row)][columns[row]].item<double>();
  }
  return sum;
}

TEST(BestMatching, IsTheBestOfAllPermutations) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    Stream random(seed, "gains");
    const at::Tensor gains = random.integers({6, 6}, -20, 100);
    std::vector<int64_t> columns(6);
    std::iota(columns.begin(), columns.end(), 0);
    double best = -1e9;
    do {
      best = std::max(best, gain_of(gains, columns));
    } while (std::ranges::next_permutation(columns).found);
    std::vector<int64_t> found = best_matching(gains);
    EXPECT_EQ(gain_of(gains, found), best);
    std::ranges::sort(found);
    EXPECT_EQ(found, columns);  // each once; the loop ends at the sorted order
  }
}

TEST(BestMatching, MoreRowsThanColumnsLeavesSomeOut) {
  const at::Tensor gains = at::tensor({1.0, 5.0, 9.0, 2.0, 3.0, 3.0}).reshape({3, 2});
  EXPECT_EQ(best_matching(gains), std::vector<int64_t>({1, 0, -1}));
  EXPECT_EQ(best_matching(gains.t()), std::vector<int64_t>({1, 0}));
}

at::Tensor logits_naming(const at::Tensor& categories, int64_t count) {
  return at::one_hot(categories, count).to(at::kFloat);
}

TEST(JudgeClasses, ByNameAndByMatching) {
  const at::Tensor labels = at::tensor({0, 0, 1, 1, 2, -1}, at::kLong);
  const at::Tensor named = at::tensor({0, 1, 1, 1, 2, 0}, at::kLong);
  const Classification plain = judge_classes(logits_naming(named, 3), labels, 3, false);
  EXPECT_DOUBLE_EQ(plain.accuracy, 0.8);
  EXPECT_EQ(plain.samples, 5);
  EXPECT_EQ(plain.per_class, std::vector<double>({0.5, 1, 1}));
  const at::Tensor renamed = (named + 1).remainder(3);
  EXPECT_DOUBLE_EQ(judge_classes(logits_naming(renamed, 3), labels, 3, true).accuracy, 0.8);
  EXPECT_LT(judge_classes(logits_naming(renamed, 3), labels, 3, false).accuracy, 0.3);
  EXPECT_THROW(judge_classes(logits_naming(named, 4), labels, 3, false), UsageError);
  EXPECT_NO_THROW(judge_classes(logits_naming(named, 4), labels, 3, true));
}

// Three clusters in the plane, class k around (4 k, 0).
at::Tensor cluster(uint64_t seed, int64_t label) {
  Stream random(seed, "cluster");
  at::Tensor point = random.normal({2});
  point[0] += 4.0 * static_cast<double>(label);
  return point;
}

std::shared_ptr<data::Dataset> clusters(int64_t count) {
  std::vector<at::Tensor> points;
  std::vector<int64_t> labels;
  for (int64_t i = 0; i < count; ++i) {
    labels.push_back(i % 4 == 3 ? 0 : i % 4);  // uneven: class 0 twice as often
    points.push_back(cluster(1000 + static_cast<uint64_t>(i), labels.back()));
  }
  return std::make_shared<testing::ArrayData>("points", at::stack(points), labels);
}

// Makes samples of the class that is asked for, but takes class 2 for class 1.
Subject subject() {
  Subject subject;
  subject.spec = {.domain = "points", .shape = {2}, .classes = 3};
  subject.name = "clusters";
  subject.sample_as = [](const std::vector<uint64_t>& seeds, const Asked& asked) {
    std::vector<at::Tensor> points;
    for (size_t i = 0; i < seeds.size(); ++i) {
      const auto label = asked.labels[static_cast<int64_t>(i)].item<int64_t>();
      points.push_back(cluster(seeds[i], label == 2 ? 1 : label));
    }
    return at::stack(points);
  };
  subject.sample = [as = subject.sample_as](const std::vector<uint64_t>& seeds) {
    return as(seeds, {.labels = at::zeros({static_cast<int64_t>(seeds.size())}, at::kLong)});
  };
  return subject;
}

EvaluationOptions options(std::vector<std::string> metrics) {
  return {.metrics = std::move(metrics), .samples = 400, .repeats = 2, .cache = false};
}

TEST(ClassMetrics, FindTheClassThatIsWrong) {
  const auto reals = clusters(900);
  const Record record = evaluate(subject(), *reals, options({"class_accuracy", "class_fd"}));
  ASSERT_EQ(record.scores.size(), 2U);
  const std::vector<double>& right = record.scores[0].per_class;
  ASSERT_EQ(right.size(), 3U);
  EXPECT_GT(right[0], 0.9);
  EXPECT_GT(right[1], 0.9);
  EXPECT_LT(right[2], 0.1);
  // As often as the reference has them: half the samples are of class 0, a quarter each of 1 and 2.
  EXPECT_NEAR(record.scores[0].value, 0.75, 0.06);
  EXPECT_GT(record.scores[0].floor, 0.93);
  const std::vector<double>& distances = record.scores[1].per_class;
  EXPECT_LT(distances[0], 0.3);
  EXPECT_NEAR(distances[2], 16, 3);
  EXPECT_NEAR(record.scores[1].value, (distances[0] + distances[1] + distances[2]) / 3, 1e-9);
}

TEST(ClassMetrics, RecordsAndTablesKeepTheRows) {
  const Record record = evaluate(subject(), *clusters(900), options({"class_accuracy"}));
  const Record again = record_from_json(to_json(record), "test");
  EXPECT_EQ(again.scores[0].per_class, record.scores[0].per_class);
  const TextTable table = class_table(record);
  ASSERT_EQ(table.size(), 4U);
  EXPECT_EQ(table[0], std::vector<std::string>({"CLASS", "class accuracy"}));
  EXPECT_EQ(table[3][0], "2");
}

TEST(ClassMetrics, TheSubjectsOwnClassifier) {
  Subject own = subject();
  own.classes.classify = [](const at::Tensor& samples) {
    const at::Tensor middles = at::tensor({0.0F, 4.0F, 8.0F});
    return -(samples.select(1, 0).unsqueeze(1) - middles).abs();
  };
  const Record record = evaluate(own, *clusters(900), options({"classification"}));
  EXPECT_EQ(record.scores[0].name, "classification error");
  EXPECT_NEAR(record.scores[0].value, 0.03,
              0.025);  // beyond 2 deviations: 2.3 % on each inner side
  own.classes.found = true;
  own.classes.classify = [classify = own.classes.classify](const at::Tensor& samples) {
    return classify(samples).flip(1);
  };
  const Record matched = evaluate(own, *clusters(900), options({"classification"}));
  EXPECT_NEAR(matched.scores[0].value, 1 - record.scores[0].value, 1e-9);
}

TEST(ClassMetrics, AreRefusedWhereTheyCannotBe) {
  Subject plain = subject();
  plain.sample_as = nullptr;
  EXPECT_THROW(evaluate(plain, *clusters(900), options({"class_accuracy"})), UsageError);
  EXPECT_THROW(evaluate(plain, *clusters(900), options({"classification"})), UsageError);
  const testing::ArrayData unlabelled("points",
                                      at::arange(1800, at::kFloat).sin().reshape({900, 2}));
  EXPECT_THROW(evaluate(subject(), unlabelled, options({"class_accuracy"})), UsageError);
}

}  // namespace
}  // namespace ganymede::metrics
