// Metrics of checkpoints: they change no weight, the best is kept, named and found again.
#include "ganymede/train/scorekeeper.h"

#include <ATen/ATen.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "ganymede/core/error.h"
#include "ganymede/core/files.h"
#include "ganymede/infer/model.h"
#include "ganymede/media/checkpoints.h"
#include "toys.h"

namespace ganymede::train {
namespace {

metrics::Record record_of(double value, metrics::Better better = metrics::Better::kLower) {
  metrics::Record record;
  metrics::Score& score = record.scores.emplace_back();
  score.metric = "fd";
  score.name = "FD[x]";
  score.better = better;
  score.value = value;
  return record;
}

Scored scored_of(const std::string& checkpoint, double value,
                 metrics::Better better = metrics::Better::kLower) {
  return {.step = 0, .kimg = 0, .checkpoint = checkpoint, .record = record_of(value, better)};
}

TEST(BestOf, FollowsTheDirectionOfTheScore) {
  const auto best = [](metrics::Better better, std::vector<double> values) {
    std::vector<Scored> scores;
    for (size_t i = 0; i < values.size(); ++i) {
      scores.push_back(scored_of(std::to_string(i), values[i], better));
      scores.back().record.scores[0].floor = 0.5;
    }
    const Scored* found = best_of(scores, "fd");
    return found == nullptr ? std::string("none") : found->checkpoint;
  };
  EXPECT_EQ(best(metrics::Better::kLower, {3, 1, 2}), "1");
  EXPECT_EQ(best(metrics::Better::kHigher, {3, 1, 2}), "0");
  EXPECT_EQ(best(metrics::Better::kNearFloor, {0, 0.9, 0.6}), "2");
  EXPECT_EQ(best(metrics::Better::kLower, {2, 1, 1}), "1");  // the earlier of equals
  EXPECT_EQ(best(metrics::Better::kLower, {NAN, 7}), "1");
  EXPECT_EQ(best(metrics::Better::kLower, {NAN}), "none");
  EXPECT_EQ(best(metrics::Better::kLower, {}), "none");
}

TEST(BestOf, IsNamedByMetricOrByScore) {
  const std::vector<Scored> scores = {scored_of("a", 1)};
  EXPECT_NE(best_of(scores, "FD[x]"), nullptr);
  EXPECT_EQ(best_of(scores, "kid"), nullptr);
  EXPECT_EQ(best_of(scores, ""), nullptr);
}

class ScoredRuns : public ::testing::Test {
 protected:
  fs::path folder(const std::string& name = "run") const { return temp_.path() / name; }
  fs::path checkpoints(const std::string& name = "run") const {
    return folder(name) / "checkpoints";
  }
  config::Recipe recipe(double kimg, const std::vector<std::string>& more = {}) const {
    std::vector<std::string> all = {"evaluate.metrics=[\"fd\"]", "evaluate.interval_kimg=0.0",
                                    "evaluate.samples=200"};
    all.insert(all.end(), more.begin(), more.end());
    return toy_recipe(kimg, all);
  }
  std::vector<std::string> scored(const std::string& name = "run") const {
    std::vector<std::string> names;
    for (const Scored& line : read_scores(folder(name) / "metrics.jsonl")) {
      names.push_back(line.checkpoint);
    }
    return names;
  }

  TempFolder temp_;
};

using Names = std::vector<std::string>;

TEST_F(ScoredRuns, EvaluationChangesNoWeight) {
  run_in(folder(), recipe(3));
  run_in(folder("without"), toy_recipe(3, {"evaluate.metrics=[]"}));
  EXPECT_EQ(differences(read_state(checkpoints() / "000003"),
                        read_state(checkpoints("without") / "000003")),
            Names());
  EXPECT_EQ(scored(), (Names{"000001", "000002", "000003"}));
  EXPECT_FALSE(fs::exists(folder("without") / "metrics.jsonl"));
  EXPECT_FALSE(fs::exists(checkpoints("without") / "best.json"));
}

TEST_F(ScoredRuns, TheBestSurvivesPruningAndIsFound) {
  run_in(folder(), recipe(6, {"train.keep=1"}));
  const auto scores = read_scores(folder() / "metrics.jsonl");
  ASSERT_EQ(scores.size(), 6U);
  const std::string best = best_of(scores, "fd")->checkpoint;
  ASSERT_TRUE(media::best_checkpoint(checkpoints()));
  EXPECT_EQ(media::best_checkpoint(checkpoints())->filename(), best);
  EXPECT_EQ(media::list_checkpoints(checkpoints()).size(), best == "000006" ? 1U : 2U);
  EXPECT_EQ(infer::Model::load(checkpoints() / "best").source(), checkpoints() / best);
  EXPECT_EQ(infer::Model::load(folder()).source(), checkpoints() / "000006");
}

TEST_F(ScoredRuns, AnOverwrittenCheckpointIsNotTheBest) {
  // The checkpoint of 1.5 kimg replaces that of 1.0 in 000001.
  run_in(folder(), recipe(1.5, {"train.checkpoint_kimg=0.5"}));
  EXPECT_EQ(scored(), (Names{"000000", "000001", "000001"}));
  const auto best = nlohmann::json::parse(read_file(media::best_file(checkpoints())));
  EXPECT_NE(best.at("kimg"), 1.0);
}

TEST_F(ScoredRuns, IntervalPassesOverCheckpoints) {
  run_in(folder(), recipe(5, {"evaluate.interval_kimg=2.0"}));
  EXPECT_EQ(scored(), (Names{"000002", "000004", "000005"}));  // the last one always
}

TEST_F(ScoredRuns, ResumeKeepsTheBestAndForgetsTheFuture) {
  run_in(folder("straight"), recipe(4, {"train.keep=0"}));
  run_in(folder(), recipe(4, {"train.keep=0"}));
  // As if the run had died after its second checkpoint, within a line, and best.json were old.
  fs::remove_all(checkpoints() / "000003");
  fs::remove_all(checkpoints() / "000004");
  append_file(folder() / "metrics.jsonl", "{\"step\": 4, \"rec");
  write_file_atomic(media::best_file(checkpoints()), "{\"checkpoint\": \"000004\"}");
  run_in(folder(), recipe(4, {"train.keep=0"}));
  EXPECT_EQ(scored(), scored("straight"));
  EXPECT_EQ(read_file(media::best_file(checkpoints())),
            read_file(media::best_file(checkpoints("straight"))));
}

TEST_F(ScoredRuns, WhatCannotBeEvaluatedTrainsAllTheSame) {
  // Fewer samples than features.
  EXPECT_DOUBLE_EQ(run_in(folder(), recipe(2, {"data.limit=2"})).kimg, 2);
  EXPECT_TRUE(scored().empty());
  EXPECT_NE(read_file(folder() / "log.txt").find("not evaluated"), std::string::npos);
}

TEST_F(ScoredRuns, UnknownMetricsAreRefusedBeforeTraining) {
  EXPECT_THROW(Session(toy_recipe(1, {"evaluate.metrics=[\"fdd\"]"})), UsageError);
}

TEST(BestCheckpoint, DamagedOrForeignFilesNameNone) {
  const TempFolder temp;
  const fs::path file = media::best_file(temp.path());
  EXPECT_FALSE(media::best_checkpoint(temp.path()));
  fs::create_directory(temp.path() / "000001");
  for (const char* text : {"", "{", "[]", "{\"checkpoint\": 1}", "{\"checkpoint\": \"000002\"}",
                           "{\"checkpoint\": \"../000001\"}", "{\"checkpoint\": \"..\"}"}) {
    write_file_atomic(file, text);
    EXPECT_FALSE(media::best_checkpoint(temp.path())) << text;
  }
  write_file_atomic(file, "{\"checkpoint\": \"000001\"}");
  EXPECT_EQ(media::best_checkpoint(temp.path()), temp.path() / "000001");
}

TEST(FindCheckpoint, ByNameNumberBestAndLast) {
  const TempFolder temp;
  fs::create_directory(temp.path() / "000001");
  fs::create_directory(temp.path() / "000020");
  write_file_atomic(media::best_file(temp.path()), "{\"checkpoint\": \"000001\"}");
  EXPECT_EQ(media::find_checkpoint(temp.path(), "best"), temp.path() / "000001");
  EXPECT_EQ(media::find_checkpoint(temp.path(), "last"), temp.path() / "000020");
  EXPECT_EQ(media::find_checkpoint(temp.path(), "20"), temp.path() / "000020");
  EXPECT_EQ(media::find_checkpoint(temp.path(), "000001"), temp.path() / "000001");
  for (const char* name : {"2", "", "..", "99999999999999999999999"}) {
    EXPECT_THROW(media::find_checkpoint(temp.path(), name), UsageError) << name;
  }
  fs::remove(media::best_file(temp.path()));
  EXPECT_THROW(media::find_checkpoint(temp.path(), "best"), UsageError);
}

}  // namespace
}  // namespace ganymede::train
