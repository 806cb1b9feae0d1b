// Whole runs in a folder: checkpoints, damage, identity, statistics, stop requests, recipes.
#include "ganymede/train/run.h"

#include <ATen/ATen.h>

#include <csignal>
#include <fstream>
#include <nlohmann/json.hpp>

#include "ganymede/core/error.h"
#include "ganymede/core/files.h"
#include "ganymede/media/checkpoints.h"
#include "ganymede/media/tensor_folder.h"
#include "ganymede/train/recorder.h"
#include "toys.h"

namespace ganymede::train {
namespace {

using Names = std::vector<std::string>;

class RunTest : public ::testing::Test {
 protected:
  fs::path folder(const std::string& name = "run") const { return temp_.path() / name; }
  fs::path checkpoint(const std::string& kimg, const std::string& name = "run") const {
    return folder(name) / "checkpoints" / kimg;
  }
  Names checkpoints(const std::string& name = "run") const {
    Names names;
    for (const fs::path& path : media::list_checkpoints(folder(name) / "checkpoints")) {
      names.push_back(path.filename().string());
    }
    return names;
  }
  std::string log(const std::string& name = "run") const {
    return read_file(folder(name) / "log.txt");
  }
  Names files_below(const fs::path& root) const {
    Names names;
    for (const auto& entry : fs::recursive_directory_iterator(root)) {
      names.push_back(entry.path().lexically_relative(root).string());
    }
    return names;
  }

  TempFolder temp_;
};

// What `work` throws; fails when it does not.
template <typename E, typename Work>
std::string message_of(const Work& work) {
  try {
    work();
  } catch (const E& error) {
    return error.what();
  }
  ADD_FAILURE() << "no error";
  return "";
}

void expect_contains(const std::string& text, const Names& parts) {
  for (const std::string& part : parts) {
    EXPECT_NE(text.find(part), std::string::npos) << '"' << part << "\" is not in: " << text;
  }
}

// Runs `act` at the beginning of D's phase of `step`.
ToyGan::Loss at_step(int64_t step, std::function<void()> act) {
  return [step, act = std::move(act)](ToyGan& gan, const gans::Phase& phase, const Batch& reals,
                                      gans::Step& now) {
    if (phase.name == "D" && now.index() == step) act();
    return gan.usual_loss(phase, reals);
  };
}

TEST_F(RunTest, WritesItsFolder) {
  const RunResult result = run_in(folder(), toy_recipe(2, {"train.sample_kimg=1.0"}));
  EXPECT_DOUBLE_EQ(result.kimg, 2);
  EXPECT_EQ(result.checkpoint, checkpoint("000002"));
  EXPECT_TRUE(fs::is_regular_file(result.picture));
  for (const char* name : {"recipe.toml", "environment.json", "log.txt", "stats.jsonl", "reals.png",
                           "fakes-000000.png", "fakes-000001.png", "fakes-000002.png",
                           "results.png", "timelapse.webp", "model/manifest.json"}) {
    EXPECT_TRUE(fs::is_regular_file(folder() / name)) << name;
  }
  for (const std::string& name : files_below(folder())) {
    EXPECT_EQ(name.find(".tmp"), std::string::npos) << name;
  }
  EXPECT_FALSE(fs::exists(folder() / "lock"));
  EXPECT_TRUE(nlohmann::json::accept(read_file(folder() / "environment.json")));
}

TEST_F(RunTest, KeepsTheNewestCheckpoints) {
  run_in(folder(), toy_recipe(5, {"train.keep=2"}));
  EXPECT_EQ(checkpoints(), (Names{"000004", "000005"}));
  run_in(folder("all"), toy_recipe(5, {"train.keep=0"}));
  EXPECT_EQ(checkpoints("all"), (Names{"000001", "000002", "000003", "000004", "000005"}));
}

TEST_F(RunTest, ModelHoldsTheAveragedGenerator) {
  run_in(folder(), toy_recipe(2));
  const State model = read_state(folder() / "model");
  const State last = read_state(checkpoint("000002"));
  EXPECT_EQ(differences({{"g", model.at("generator")}}, {{"g", last.at("generator_ema")}}),
            Names());
}

TEST_F(RunTest, LongerKimgContinuesBitExactly) {
  run_in(folder("straight"), toy_recipe(4));
  run_in(folder(), toy_recipe(2));
  run_in(folder(), toy_recipe(4));
  EXPECT_EQ(
      differences(read_state(checkpoint("000004")), read_state(checkpoint("000004", "straight"))),
      Names());
  expect_contains(log(), {"started at 0.000", "resumed at 2.000"});
}

TEST_F(RunTest, DamagedNewestCheckpointFallsBackAndSaysSo) {
  run_in(folder("straight"), toy_recipe(4));
  for (const char* file : {"generator.safetensors", "optimizer_D.safetensors", "manifest.json"}) {
    fs::remove_all(folder());
    run_in(folder(), toy_recipe(3));
    flip_bit(checkpoint("000003") / file);
    run_in(folder(), toy_recipe(4));
    expect_contains(log(), {(checkpoint("000003") / file).string(), "resumed at 2.000"});
    EXPECT_EQ(
        differences(read_state(checkpoint("000004")), read_state(checkpoint("000004", "straight"))),
        Names())
        << file;
  }
}

TEST_F(RunTest, MissingAndTruncatedFilesFallBackToo) {
  run_in(folder(), toy_recipe(3));
  fs::remove(checkpoint("000003") / "discriminator.safetensors");
  fs::resize_file(checkpoint("000002") / "generator.safetensors", 100);
  run_in(folder(), toy_recipe(3));
  expect_contains(log(), {"000003/discriminator.safetensors", "000002/generator.safetensors",
                          "resumed at 1.000"});
}

TEST_F(RunTest, AllDamagedIsAnErrorThatNamesThem) {
  run_in(folder(), toy_recipe(2));
  for (const char* kimg : {"000001", "000002"})
    flip_bit(checkpoint(kimg) / "generator.safetensors");
  const std::string text = message_of<ModelError>([&] { run_in(folder(), toy_recipe(3)); });
  expect_contains(text, {(folder() / "checkpoints").string(), "all 2 checkpoints are damaged"});
  expect_contains(log(), {"000001/generator.safetensors", "000002/generator.safetensors"});
}

TEST_F(RunTest, AnotherGanOrOtherDataIsRefused) {
  run_in(folder(), toy_recipe(1));
  const State before = read_state(checkpoint("000001"));
  expect_contains(
      message_of<UsageError>([&] { run_in(folder(), toy_recipe(2, {"data.path=grid25"})); }),
      {"000001", "data"});
  expect_contains(
      message_of<UsageError>([&] { run_in(folder(), toy_recipe(2, {"data.limit=900"})); }),
      {"data", "900"});
  expect_contains(
      message_of<UsageError>([&] { run_in(folder(), toy_recipe(2, {"data.path=gaussian"})); }),
      {"spec"});
  expect_contains(
      message_of<UsageError>([&] { run_in(folder(), toy_recipe(2, {"gan.name=gan2014"})); }),
      {"gan2014", "toy"});
  EXPECT_EQ(differences(read_state(checkpoint("000001")), before), Names());
}

class RunFault : public RunTest, public ::testing::WithParamInterface<const char*> {};

TEST_P(RunFault, FailedCheckpointLeavesTheOldOneAndTrainingGoesOn) {
  run_in(folder("straight"), toy_recipe(4, {"train.keep=0"}));
  const State expected = read_state(checkpoint("000004", "straight"));
  std::string failed;
  {
    // The second checkpoint fails, in the middle of its files or at its manifest.
    const ScopedVariable fault("GANYMEDE_FAULT", GetParam());
    run_in(folder(), toy_recipe(4, {"train.keep=0"}));
  }
  const Names left = checkpoints();
  EXPECT_EQ(left, (Names{"000001", "000003", "000004"}));
  EXPECT_EQ(
      differences(read_state(checkpoint("000001")), read_state(checkpoint("000001", "straight"))),
      Names());
  EXPECT_EQ(differences(read_state(checkpoint("000004")), expected), Names());
  expect_contains(log(), {"the checkpoint could not be written", "training goes on"});
  EXPECT_EQ(read_stats(folder() / "stats.jsonl").back().at("failed_writes"), 1);
  for (const std::string& name : files_below(folder())) {
    EXPECT_EQ(name.find(".tmp"), std::string::npos) << name;
  }
}

INSTANTIATE_TEST_SUITE_P(Points, RunFault,
                         ::testing::Values("folder.file:7:enospc", "folder.file:9:eio",
                                           "folder.manifest:2:enospc", "folder.manifest:2:erofs"),
                         [](const auto& info) {
                           std::string name = info.param;
                           for (char& c : name) c = std::isalnum(c) != 0 ? c : '_';
                           return name;
                         });

TEST_F(RunTest, LastCheckpointThatCannotBeWrittenIsAnError) {
  const ScopedVariable fault("GANYMEDE_FAULT", "folder.manifest:2:enospc");
  expect_contains(message_of<FileError>([&] { run_in(folder(), toy_recipe(2)); }),
                  {"no space left", "000002"});
  EXPECT_EQ(checkpoints(), (Names{"000001"}));
}

TEST_F(RunTest, StatisticsAreTruncatedOnResumeAndHaveNoGaps) {
  const auto steps_of = [&](const std::string& name) {
    std::vector<double> steps;
    for (const StatsLine& line : read_stats(folder(name) / "stats.jsonl")) {
      steps.push_back(line.at("step"));
    }
    return steps;
  };
  run_in(folder("straight"), toy_recipe(4));
  run_in(folder(), toy_recipe(2));
  // As if the run had gone on after its checkpoint and died within a line.
  append_file(folder() / "stats.jsonl",
              "{\"kimg\":2.5,\"step\":5}\n{\"kimg\":3.0,\"step\":6}\n{\"kimg\":3.");
  run_in(folder(), toy_recipe(4));
  EXPECT_EQ(steps_of("run"), (std::vector<double>{1, 2, 3, 4, 5, 6, 7, 8}));
  EXPECT_EQ(steps_of("run"), steps_of("straight"));
  const auto a = read_stats(folder() / "stats.jsonl");
  const auto b = read_stats(folder("straight") / "stats.jsonl");
  for (size_t i = 0; i < a.size(); ++i) {
    for (const char* key : {"D/adversarial", "G/adversarial", "D/gradient_norm", "kimg"}) {
      EXPECT_EQ(a[i].at(key), b[i].at(key)) << key << ", line " << i;
    }
  }
}

TEST_F(RunTest, IntervalsThatAreNoBinaryFractionsAreMet) {
  run_in(folder(), toy_recipe(1, {"train.batch=50", "train.tick_kimg=0.05"}));
  std::vector<double> steps;
  for (const StatsLine& line : read_stats(folder() / "stats.jsonl")) {
    steps.push_back(line.at("step"));
    EXPECT_GT(line.at("images_per_s"), 0);
  }
  ASSERT_EQ(steps.size(), 20U);
  for (size_t i = 0; i < steps.size(); ++i) EXPECT_EQ(steps[i], static_cast<double>(i + 1));
}

TEST_F(RunTest, ResolvedRecipeGivesTheSameWeights) {
  run_in(folder("first"),
         toy_recipe(2, {"seed=5", "optimizer.G.learning_rate=0.003", "train.accumulate=2"}));
  run_in(folder(), config::Recipe::load((folder("first") / "recipe.toml").string()));
  EXPECT_EQ(
      differences(read_state(checkpoint("000002")), read_state(checkpoint("000002", "first"))),
      Names());
  EXPECT_EQ(read_file(folder() / "recipe.toml"), read_file(folder("first") / "recipe.toml"));
}

TEST_F(RunTest, SeedChangesTheWeights) {
  run_in(folder("a"), toy_recipe(1, {"seed=1"}));
  run_in(folder("b"), toy_recipe(1, {"seed=2"}));
  EXPECT_NE(
      differences(read_state(checkpoint("000001", "a")), read_state(checkpoint("000001", "b"))),
      Names());
}

TEST_F(RunTest, DryRunWritesNothing) {
  const fs::path before = fs::current_path();
  fs::current_path(temp_.path());
  Session session(toy_recipe(3));
  const DryRun report = dry_run(session);
  fs::current_path(before);
  EXPECT_EQ(files_below(temp_.path()), Names());
  ASSERT_EQ(report.parameters.size(), 2U);
  EXPECT_EQ(report.parameters[0].first, "generator");
  EXPECT_EQ(report.parameters[0].second, (2 * 5 + 5) + (5 * 2 + 2));
  EXPECT_EQ(report.parameters[1].second, (2 * 5 + 5) + (5 + 1));
  EXPECT_GT(report.seconds_per_kimg, 0);
  EXPECT_DOUBLE_EQ(report.total_seconds, 3 * report.seconds_per_kimg);
  EXPECT_GT(report.peak_bytes, 1 << 20);
}

TEST_F(RunTest, SecondRunInTheFolderIsRefused) {
  fs::create_directories(folder());
  const FolderLock lock(folder());
  expect_contains(message_of<UsageError>([&] { run_in(folder(), toy_recipe(1)); }),
                  {"in use", "process " + std::to_string(::getpid())});
  EXPECT_TRUE(checkpoints().empty());
}

// Stops at step 3 by `act`, then resumes and compares with a run that was never stopped.
void expect_stop_and_resume(const fs::path& stopped, const fs::path& straight,
                            const std::function<void()>& act) {
  run_in(straight, toy_recipe(4));
  {
    const ScopedToyLoss loss(at_step(3, act));
    const std::string text = message_of<StoppedError>([&] { run_in(stopped, toy_recipe(4)); });
    expect_contains(text, {"stopped at 2.000", "gan resume"});
  }
  EXPECT_TRUE(media::is_tensor_folder(stopped / "checkpoints" / "000002"));
  run_in(stopped, toy_recipe(4));
  EXPECT_EQ(differences(read_state(stopped / "checkpoints" / "000004"),
                        read_state(straight / "checkpoints" / "000004")),
            Names());
}

TEST_F(RunTest, StopFileSavesAndStops) {
  expect_stop_and_resume(folder(), folder("straight"), [&] {
    fs::create_directories(folder() / "control");
    write_file_durable(folder() / "control" / "stop", "");
  });
  EXPECT_FALSE(fs::exists(folder() / "control" / "stop"));
}

TEST_F(RunTest, SignalsSaveAndStop) {
  expect_stop_and_resume(folder(), folder("straight"), [] { std::raise(SIGTERM); });
  expect_stop_and_resume(folder("int"), folder("straight-int"), [] { std::raise(SIGINT); });
}

TEST_F(RunTest, AStopFileFromBeforeTheStartDoesNotStopIt) {
  fs::create_directories(folder() / "control");
  write_file_durable(folder() / "control" / "stop", "");
  EXPECT_DOUBLE_EQ(run_in(folder(), toy_recipe(1)).kimg, 1);
}

TEST_F(RunTest, SamplesOnRequest) {
  const auto pictures = [&] { return RunFolder(folder()).pictures().size(); };
  run_in(folder(), toy_recipe(4));
  EXPECT_EQ(pictures(), 2U);
  fs::remove_all(folder());
  const ScopedToyLoss loss(at_step(3, [] { std::raise(SIGUSR1); }));
  run_in(folder(), toy_recipe(4));
  EXPECT_TRUE(fs::exists(folder() / "fakes-000002.png"));
  fs::remove_all(folder());
  const ScopedToyLoss file(at_step(3, [&] {
    fs::create_directories(folder() / "control");
    write_file_durable(folder() / "control" / "sample-now", "");
  }));
  run_in(folder(), toy_recipe(4));
  EXPECT_TRUE(fs::exists(folder() / "fakes-000002.png"));
}

TEST_F(RunTest, SamplesThatCannotBeWrittenDoNotEndTheRun) {
  const ScopedToyLoss loss(at_step(3, [&] {
    fs::create_directory(folder() / "fakes-000002.png");  // where the picture should go
    std::raise(SIGUSR1);
  }));
  EXPECT_DOUBLE_EQ(run_in(folder(), toy_recipe(4)).kimg, 4);
  expect_contains(log(), {"samples could not be written", "training goes on"});
}

TEST_F(RunTest, StaleTemporariesAreGoneAfterTheNextStart) {
  run_in(folder(), toy_recipe(1));
  const std::string mark = ".tmp-999999999-0";  // no process has this number
  fs::create_directories(checkpoint(".tmp-000002-999999999-0") / "inner");
  write_file_durable(folder() / (".recipe.toml" + mark), "half");
  run_in(folder(), toy_recipe(1));
  for (const std::string& name : files_below(folder())) {
    EXPECT_EQ(name.find(".tmp"), std::string::npos) << name;
  }
}

TEST(RunFolders, AreNumbered) {
  const TempFolder temp;
  EXPECT_EQ(next_run_folder(temp.path(), "a").filename(), "00000-a");
  EXPECT_EQ(next_run_folder(temp.path(), "b").filename(), "00001-b");
  fs::create_directory(temp.path() / "00041-else");
  const fs::path third = next_run_folder(temp.path(), "c");
  EXPECT_EQ(third.filename(), "00042-c");
  EXPECT_THROW(last_run(temp.path()), UsageError);
  write_file_durable(temp.path() / "00001-b" / "recipe.toml", "");
  EXPECT_EQ(last_run(temp.path()).filename(), "00001-b");
  write_file_durable(third / "recipe.toml", "");
  EXPECT_EQ(last_run(temp.path()), third);
}

}  // namespace
}  // namespace ganymede::train
