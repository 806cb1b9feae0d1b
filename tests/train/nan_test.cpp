// NaN at a chosen step: found in the step it appears, never saved, handled by the policy.
#include <ATen/ATen.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "ganymede/core/error.h"
#include "ganymede/core/files.h"
#include "ganymede/media/checkpoints.h"
#include "ganymede/train/recorder.h"
#include "toys.h"

namespace ganymede::train {
namespace {

enum class Poison { kLoss, kGradient, kAverage };

// Poisons G's phase of `step`, `times` times in all.
ToyGan::Loss poisoned(Poison poison, int64_t step, int times) {
  return [=, left = times](ToyGan& gan, const gans::Phase& phase, const Batch& reals,
                           gans::Step& now) mutable {
    gans::Terms terms = gan.usual_loss(phase, reals);
    if (phase.name != "G" || now.index() != step || left-- <= 0) return terms;
    at::Tensor some;
    gan.generator->module->each_parameter([&](const std::string&, at::Tensor& t) { some = t; });
    if (poison == Poison::kLoss) {
      terms.push_back({"bad", some.sum() * NAN});
    } else if (poison == Poison::kGradient) {
      terms.push_back({"bad", (some * 0).sum().sqrt()});  // 0 with the slope infinity * 0
    } else {
      gan.generator->average->each_parameter(
          [](const std::string&, at::Tensor& t) { t.detach().fill_(INFINITY); });
    }
    return terms;
  };
}

bool all_finite(const State& state) {
  for (const auto& [file, tensors] : state) {
    for (const auto& [name, tensor] : tensors) {
      if (!at::isfinite(tensor).all().item<bool>()) return false;
    }
  }
  return true;
}

// Two steps for each kimg.
class Nan : public ::testing::Test {
 protected:
  RunResult run(const std::string& policy, Poison poison, int64_t step, int times) {
    const ScopedToyLoss loss(poisoned(poison, step, times));
    return run_in(folder_.path(), toy_recipe(5, {"train.nan=" + policy, "train.keep=0"}));
  }

  std::string error_of(const std::string& policy, Poison poison, int64_t step, int times) {
    try {
      run(policy, poison, step, times);
    } catch (const NumericError& error) {
      return error.what();
    }
    return "no error";
  }

  std::vector<std::string> saved() const {
    std::vector<std::string> names;
    for (const fs::path& path : media::list_checkpoints(folder_.path() / "checkpoints")) {
      EXPECT_TRUE(all_finite(read_state(path))) << path;
      names.push_back(path.filename().string());
    }
    return names;
  }

  std::string log() const { return read_file(folder_.path() / "log.txt"); }

  TempFolder folder_;
};

void expect_contains(const std::string& text, const std::vector<std::string>& parts) {
  for (const std::string& part : parts) {
    EXPECT_NE(text.find(part), std::string::npos) << '"' << part << "\" is not in: " << text;
  }
}

TEST_F(Nan, StopNamesPhaseTermAndStep) {
  expect_contains(error_of("stop", Poison::kLoss, 7, 1), {"phase G", "step 7", "\"bad\""});
  EXPECT_EQ(saved(), (std::vector<std::string>{"000001", "000002", "000003"}));
}

TEST_F(Nan, StopFindsABadGradientBehindAFiniteLoss) {
  expect_contains(error_of("stop", Poison::kGradient, 7, 1), {"phase G", "step 7", "gradient"});
  EXPECT_EQ(saved(), (std::vector<std::string>{"000001", "000002", "000003"}));
}

TEST_F(Nan, StoppedRunGoesOnFromItsLastCheckpoint) {
  error_of("stop", Poison::kLoss, 7, 1);
  const RunResult result = run_in(folder_.path(), toy_recipe(5, {"train.keep=0"}));
  TempFolder other;
  const RunResult straight = run_in(other.path(), toy_recipe(5, {"train.keep=0"}));
  EXPECT_EQ(differences(read_state(result.checkpoint), read_state(straight.checkpoint)),
            std::vector<std::string>());
}

TEST_F(Nan, APoisonedAverageIsNeverSaved) {
  expect_contains(error_of("stop", Poison::kAverage, 7, 1), {"generator_ema/"});
  EXPECT_EQ(saved(), (std::vector<std::string>{"000001", "000002", "000003"}));
}

TEST_F(Nan, SkipLeavesTheUpdateOutAndGoesOn) {
  for (const Poison poison : {Poison::kLoss, Poison::kGradient}) {
    const RunResult result = run("skip", poison, 7, 1);
    EXPECT_EQ(saved(),
              (std::vector<std::string>{"000001", "000002", "000003", "000004", "000005"}));
    const auto state = media::read_tensor_folder(result.checkpoint).state;
    EXPECT_EQ(state["trainer"]["updates"]["G"], 9);
    EXPECT_EQ(state["trainer"]["updates"]["D"], 10);
    expect_contains(log(), {"phase G, step 7", "skipped"});
    fs::remove_all(folder_.path() / "checkpoints");
  }
}

TEST_F(Nan, SkipGivesUpWhenItDoesNotEnd) {
  const ScopedToyLoss loss(
      [](ToyGan& gan, const gans::Phase& phase, const Batch& reals, gans::Step& now) {
        gans::Terms terms = gan.usual_loss(phase, reals);
        if (now.index() >= 3) terms.front().value = terms.front().value * NAN;
        return terms;
      });
  EXPECT_THROW(run_in(folder_.path(), toy_recipe(20, {"train.nan=skip"})), NumericError);
}

TEST_F(Nan, RollbackFinishesFinite) {
  for (const Poison poison : {Poison::kLoss, Poison::kGradient, Poison::kAverage}) {
    const RunResult result = run("rollback", poison, 7, 1);
    EXPECT_DOUBLE_EQ(result.kimg, 5);
    EXPECT_EQ(saved(),
              (std::vector<std::string>{"000001", "000002", "000003", "000004", "000005"}));
    const auto state = media::read_tensor_folder(result.checkpoint).state;
    EXPECT_EQ(state["trainer"]["rollbacks"], 1);
    EXPECT_EQ(state["trainer"]["rate_scale"], 0.5);
    EXPECT_TRUE(all_finite(read_state(folder_.path() / "model")));
    expect_contains(log(), {"going back", "rollback"});
    fs::remove_all(folder_.path() / "checkpoints");
    fs::remove(folder_.path() / "stats.jsonl");
  }
}

TEST_F(Nan, RollbackTakesItsStatisticsBackToo) {
  run("rollback", Poison::kLoss, 7, 1);
  double last = 0;
  for (const StatsLine& line : read_stats(folder_.path() / "stats.jsonl")) {
    EXPECT_GT(line.at("step"), last);
    last = line.at("step");
  }
  EXPECT_EQ(last, 10);
}

TEST_F(Nan, ResumeAfterARollbackIsBitExact) {
  const RunResult straight = run("rollback", Poison::kLoss, 7, 1);
  const State expected = read_state(straight.checkpoint);
  for (const char* name : {"000004", "000005"})
    fs::remove_all(folder_.path() / "checkpoints" / name);
  // Checkpoint 3 is from before the rollback, so the poison is met again.
  EXPECT_EQ(differences(read_state(run("rollback", Poison::kLoss, 7, 1).checkpoint), expected),
            std::vector<std::string>());
  // Checkpoint 4 knows of it.
  fs::remove_all(folder_.path() / "checkpoints" / "000005");
  EXPECT_EQ(differences(read_state(run("stop", Poison::kLoss, 99, 0).checkpoint), expected),
            std::vector<std::string>());
}

TEST_F(Nan, RollbackGivesUpAfterFive) {
  expect_contains(error_of("rollback", Poison::kLoss, 7, 100), {"phase G", "step 7"});
  EXPECT_EQ(saved(), (std::vector<std::string>{"000001", "000002", "000003"}));
  const std::string text = log();
  size_t count = 0;
  for (size_t at = text.find("going back"); at != std::string::npos;
       at = text.find("going back", at + 1)) {
    ++count;
  }
  EXPECT_EQ(count, 5U);
}

TEST_F(Nan, RollbackBeforeTheFirstCheckpointSaysSo) {
  expect_contains(error_of("rollback", Poison::kLoss, 1, 1), {"before the first checkpoint"});
}

}  // namespace
}  // namespace ganymede::train
