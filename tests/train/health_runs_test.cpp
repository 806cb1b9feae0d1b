// Runs that are built to fail in one way each, and healthy ones: what the health word says of them.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <cstdio>

#include "ganymede/core/error.h"
#include "ganymede/train/recorder.h"
#include "toys.h"

namespace ganymede::train {
namespace {

using Assignments = std::vector<std::string>;

const Assignments kRing = {"gan.name=gan2014",
                           "gan.latent_dim=8",
                           "gan.latent=normal",
                           "gan.generator_units=[48,48]",
                           "gan.discriminator_units=[48,48]",
                           "gan.maxout_pieces=1",
                           "gan.input_keep=1.0",
                           "gan.hidden_keep=1.0",
                           "gan.generator_init=0.0",
                           "gan.discriminator_init=0.0",
                           "data.path=ring8",
                           "train.batch=128",
                           "train.kimg=300",
                           "train.tick_kimg=20",
                           "train.ema_kimg=20",
                           "optimizer.learning_rate=0.001"};
const Assignments kDigits = {"gan.name=dcgan",      "gan.latent_dim=32",
                             "gan.base_channels=8", "data.path=digits",
                             "train.batch=32",      "train.kimg=16",
                             "train.tick_kimg=1",   "train.health_kimg=1",
                             "train.ema_kimg=2",    "optimizer.learning_rate=0.0004"};

struct Told {
  std::vector<std::string> words;  // in the order they were raised, without repeats
  double first_kimg = -1;          // of the first
  std::string looks;               // all signals, for the message of a failure
};

std::string text_of(const StatsLine& line) {
  std::string text = "\n" + std::to_string(line.at("kimg")) + " kimg:";
  for (const auto& [name, value] : line) {
    if (name.starts_with("health/")) text += " " + name.substr(7) + " " + std::to_string(value);
  }
  return text;
}

class HealthRuns : public ::testing::Test {
 protected:
  void SetUp() override { at::set_num_threads(1); }
  void TearDown() override { at::set_num_threads(threads_); }

  Told told(Assignments assignments, const Assignments& more) {
    assignments.insert(assignments.end(), more.begin(), more.end());
    assignments.insert(assignments.end(), {"train.checkpoint_kimg=0.0", "train.sample_kimg=0.0",
                                           "evaluate.metrics=[]", "train.threads=1"});
    const fs::path folder = temp_.path() / "run";
    Told told;
    try {
      run_in(folder, recipe_of(assignments));
    } catch (const NumericError& error) {
      told.looks = error.what();  // the policy "stop": what was written before counts
    }
    for (const StatsLine& line : read_stats(folder / "stats.jsonl")) {
      if (line.contains("health/finite")) told.looks += text_of(line);
      const auto code = line.find("health");
      if (code == line.end() || code->second == 0) continue;
      const std::string word = name_of(static_cast<HealthWord>(static_cast<int>(code->second)));
      if (told.words.empty()) told.first_kimg = line.at("kimg");
      if (told.words.empty() || told.words.back() != word) told.words.push_back(word);
    }
    std::string all;
    for (const std::string& word : told.words) all += word + "; ";
    std::printf("%s -> %s first at %.1f kimg\n", more.empty() ? "as it is" : more.front().c_str(),
                all.empty() ? "none" : all.c_str(), told.first_kimg);
    fs::remove_all(folder);
    return told;
  }

  void expect_word(const std::string& word, const Assignments& base, const Assignments& more) {
    const Told found = told(base, more);
    EXPECT_EQ(found.words, (std::vector<std::string>{word})) << found.looks;
  }

  void expect_no_word(const Assignments& base, const Assignments& more) {
    const Told found = told(base, more);
    EXPECT_EQ(found.words, std::vector<std::string>()) << found.looks;
  }

 private:
  int threads_ = at::get_num_threads();
  TempFolder temp_;
};

using HealthRunsLong = HealthRuns;

TEST_F(HealthRuns, ExplosionUnderTheStopPolicyIsTold) {
  const Told explosion = told(kRing, {"optimizer.learning_rate=1e30", "train.kimg=5",
                                      "train.tick_kimg=1", "train.health_kimg=1"});
  EXPECT_EQ(explosion.words, std::vector<std::string>{"exploding"});
}

TEST_F(HealthRuns, SkippedUpdatesAreAnExplosion) {
  expect_word("exploding", kRing,
              {"optimizer.learning_rate=30.0", "train.nan=skip", "train.kimg=30",
               "train.tick_kimg=3", "train.health_kimg=3"});
}

TEST_F(HealthRuns, NothingMoves) {
  expect_word("stalled", kRing,
              {"optimizer.learning_rate=1e-12", "train.kimg=30", "train.tick_kimg=3",
               "train.health_kimg=3"});
}

TEST_F(HealthRunsLong, HealthyPointsRaiseNothing) {
  for (const char* seed : {"seed=0", "seed=1", "seed=2"}) {
    expect_no_word(kRing, {seed, "train.kimg=1000"});
  }
}

TEST_F(HealthRunsLong, HealthyPicturesRaiseNothing) {
  for (const char* seed : {"seed=0", "seed=1", "seed=2"}) {
    expect_no_word(kDigits, {seed, "train.kimg=30"});
  }
}

TEST_F(HealthRunsLong, HealthyCriticRaisesNothing) {
  Assignments critic = kRing;
  critic.erase(critic.begin() + 3, critic.begin() + 10);
  critic.front() = "gan.name=wgan_gp";
  expect_no_word(critic, {"gan.mlp_units=[48,48]", "gan.penalty_weight=0.1", "train.kimg=600"});
}

TEST_F(HealthRunsLong, DiscriminatorTooStrong) {
  expect_word("D too strong", kRing, {"optimizer.G.learning_rate=1e-7"});
  expect_word("D too strong", kDigits, {"optimizer.G.learning_rate=1e-7"});
}

TEST_F(HealthRunsLong, DiscriminatorTooWeak) {
  expect_word("D too weak", kRing, {"optimizer.D.learning_rate=1e-9"});
  expect_word("D too weak", kDigits, {"optimizer.D.learning_rate=1e-9"});
}

TEST_F(HealthRunsLong, ModesLost) {
  expect_word("modes lost", kRing, {"optimizer.G.learning_rate=0.05", "train.kimg=400"});
}

TEST_F(HealthRunsLong, Exploding) {
  expect_word("exploding", kRing, {"optimizer.learning_rate=30.0"});
  expect_word("exploding", kDigits, {"optimizer.learning_rate=3.0", "train.nan=rollback"});
}

TEST_F(HealthRunsLong, OverfittingDiscriminator) {
  expect_word("overfitting D", kDigits, {"data.limit=32", "train.kimg=40"});
}

TEST_F(HealthRunsLong, HeldOutSamplesServeWhereThereIsNoTestSplit) {
  expect_word("overfitting D", kDigits,
              {"data.split=all", "data.limit=96", "data.holdout=64", "train.kimg=40"});
}

TEST_F(HealthRunsLong, Stalled) {
  expect_word("stalled", kDigits, {"optimizer.learning_rate=1e-12", "train.kimg=10"});
}

}  // namespace
}  // namespace ganymede::train
