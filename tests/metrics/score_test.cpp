#include "ganymede/metrics/score.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <nlohmann/json.hpp>

#include "ganymede/core/error.h"
#include "ganymede/metrics/summary.h"

namespace ganymede::metrics {
namespace {

Record example() {
  Record record;
  record.subject = "runs/1";
  record.subject_kind = "dcgan";
  record.checkpoint = "runs/1/checkpoints/000100";
  record.kimg = 100;
  Settings& s = record.settings;
  s.data = "digits";
  s.data_kind = "built-in";
  s.fingerprint = "0123456789abcdef";
  s.split = "test";
  s.sample = "1 x 28 x 28";
  s.crop = "as stored";
  s.real_samples = 5000;
  s.fake_samples = 5000;
  s.floor_samples = 2500;
  s.seeds = {0, 5000, 10000};
  s.net = "pca";
  s.net_sha256 = std::string(64, 'a');
  s.resize = "none";
  s.quantisation = "8 bits";
  s.training = "digits";
  s.training_fingerprint = "fedcba9876543210";
  s.training_samples = 60000;
  Score score;
  score.metric = "fd";
  score.name = "FD[pca:aaaaaaaa]";
  score.value = 2;
  score.repeats = {1, 2, 3};
  score.sd = 1;
  score.low = -0.5;
  score.high = 4.5;
  score.interval = "95 %";
  score.note = "n";
  record.scores = {score};
  record.version = "0.1";
  record.time = "2026-01-01T00:00:00Z";
  record.seconds = 1.5;
  record.warnings = {"w"};
  return record;
}

TEST(Record, SurvivesJson) {
  const Record record = example();
  const auto json = to_json(record);
  EXPECT_TRUE(json["scores"][0]["floor"].is_null());  // not known
  const Record back = record_from_json(json, "x");
  EXPECT_EQ(to_json(back), json);
  EXPECT_TRUE(std::isnan(back.scores[0].floor));
  EXPECT_EQ(back.scores[0].repeats, record.scores[0].repeats);
  EXPECT_EQ(back.settings.seeds, record.settings.seeds);
}

TEST(Record, SeveralInOneText) {
  Record other = example();
  other.kimg = 200;
  const auto back = parse_records(records_text({example(), other}), "x");
  ASSERT_EQ(back.size(), 2U);
  EXPECT_EQ(back[1].kimg, 200);
  EXPECT_EQ(parse_records(records_text({other}), "x").front().kimg, 200);
}

TEST(Record, OtherTextIsRefused) {
  EXPECT_THROW(parse_records("{", "x"), DataError);
  EXPECT_THROW(parse_records("[]", "x"), DataError);
  EXPECT_THROW(parse_records("{}", "x"), DataError);
  auto json = to_json(example());
  json["settings"]["seeds"] = "three";
  EXPECT_THROW(record_from_json(json, "x"), DataError);
  json = to_json(example());
  json["scores"][0]["better"] = "sideways";
  EXPECT_THROW(record_from_json(json, "x"), DataError);
}

TEST(Comparable, EverySettingThatChangesFigures) {
  const std::vector<std::pair<std::string, std::function<void(Settings&)>>> changes = {
      {"fingerprint", [](Settings& s) { s.fingerprint = "x"; }},
      {"split", [](Settings& s) { s.split = "train"; }},
      {"sample", [](Settings& s) { s.sample = "x"; }},
      {"crop", [](Settings& s) { s.crop = "x"; }},
      {"real_samples", [](Settings& s) { s.real_samples = 1; }},
      {"fake_samples", [](Settings& s) { s.fake_samples = 1; }},
      {"floor_samples", [](Settings& s) { s.floor_samples = 1; }},
      {"seeds", [](Settings& s) { s.seeds = {1}; }},
      {"net", [](Settings& s) { s.net = "x"; }},
      {"net_sha256", [](Settings& s) { s.net_sha256 = "x"; }},
      {"resize", [](Settings& s) { s.resize = "clean"; }},
      {"quantisation", [](Settings& s) { s.quantisation = "none"; }},
      {"flips", [](Settings& s) { s.flips = true; }},
      {"training_fingerprint", [](Settings& s) { s.training_fingerprint = "x"; }},
      {"training_samples", [](Settings& s) { s.training_samples = 1; }},
  };
  for (const auto& [name, change] : changes) {
    Record other = example();
    change(other.settings);
    const auto difference = not_comparable(example(), other);
    ASSERT_TRUE(difference) << name;
    EXPECT_EQ(difference->setting, name);
    EXPECT_NE(difference->first, difference->second) << name;
  }
}

TEST(Comparable, NamesOfTheSameContentMayDiffer) {
  Record other = example();
  other.settings.data = "elsewhere/digits";
  other.subject = "runs/2";
  other.kimg = 7;
  other.scores[0].value = 9;
  EXPECT_FALSE(not_comparable(example(), other));
  other.scores[0].name = "FID";
  EXPECT_EQ(not_comparable(example(), other)->setting, "metrics");
}

TEST(Summary, MeanDeviationAndInterval) {
  Summary summary;
  for (const double value : {1.0, 2.0, 3.0}) summary.add("m", {{.name = "x", .value = value}});
  summary.set_floors({{"x", 0.5}, {"y", 1}});
  const Score score = summary.scores().front();
  EXPECT_EQ(score.value, 2);
  EXPECT_EQ(score.sd, 1);
  EXPECT_EQ(score.floor, 0.5);
  EXPECT_NEAR(score.high - score.value, 4.303 / std::sqrt(3.0), 1e-3);
  EXPECT_EQ(score.repeats.size(), 3U);
}

TEST(Summary, OneRepeatHasTheMetricsOwnErrorOrNone) {
  Summary summary;
  summary.add("m", {{.name = "x", .value = 1, .error = 0.1}, {.name = "y", .value = 1}});
  const auto scores = summary.scores();
  EXPECT_NEAR(scores[0].low, 1 - 0.196, 1e-4);
  EXPECT_TRUE(std::isnan(scores[1].low));
  EXPECT_TRUE(std::isnan(scores[1].sd));
}

// Tables of Student's distribution.
TEST(Summary, StudentsQuantiles) {
  EXPECT_NEAR(student_975(1), 12.706, 1e-3);
  EXPECT_NEAR(student_975(10), 2.228, 1e-3);
  EXPECT_NEAR(student_975(11), 2.201, 1e-3);
  EXPECT_NEAR(student_975(20), 2.086, 1e-3);
  EXPECT_NEAR(student_975(60), 2.000, 1e-3);
  EXPECT_NEAR(student_975(100000), 1.960, 1e-3);
}

}  // namespace
}  // namespace ganymede::metrics
