// One step as the trainer derives it: order of samples, freezing, accumulation, averages, balance.
#include "ganymede/train/trainer.h"

#include <ATen/ATen.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "ganymede/core/error.h"
#include "toys.h"

namespace ganymede::train {
namespace {

constexpr int64_t kSize = 22;

TrainerConfig small_config() {
  TrainerConfig config;
  config.seed = 11;
  config.train.batch = 8;
  OptimizerConfig sgd;
  sgd.kind = OptimizerKind::kSgd;
  sgd.learning_rate = 0.05;
  sgd.momentum = 0.5;
  config.optimizers = {{"D", sgd}, {"G", sgd}};
  return config;
}

// A toy gan with its trainer, ready to step.
struct Game {
  explicit Game(const TrainerConfig& config, ToyGan::Loss loss = {},
                const std::function<void(ToyGan&)>& before = {})
      : data(std::make_shared<CountingData>(kSize)), gan(data->spec(), std::move(loss)) {
    gan.initialize(config.seed);
    if (before) before(gan);
    trainer = std::make_unique<Trainer>(gan, data, config, at::Device(at::kCPU));
  }
  std::shared_ptr<CountingData> data;
  ToyGan gan;
  std::unique_ptr<Trainer> trainer;
};

State weights(const gans::Gan& gan) {
  State copy = gan.state();
  for (auto& [network, tensors] : copy) {
    for (auto& [name, tensor] : tensors) tensor = tensor.clone();
  }
  return copy;
}

double distance(const State& a, const State& b) {
  double largest = 0;
  for (const auto& [network, tensors] : a) {
    for (const auto& [name, tensor] : tensors) {
      largest = std::max(largest, (tensor - b.at(network).at(name)).abs().max().item<double>());
    }
  }
  return largest;
}

std::vector<int64_t> expected_order(int64_t count, uint64_t seed) {
  std::vector<int64_t> order;
  for (int64_t i = 0; i < count; ++i) order.push_back(data::sample_at(i, kSize, seed));
  return order;
}

// The samples that phase D sees in five steps.
std::vector<int64_t> samples_seen(TrainerConfig config, int64_t d_repeats) {
  std::vector<int64_t> seen;
  Game game(
      config,
      [&](ToyGan& gan, const gans::Phase& phase, const Batch& reals, gans::Step&) {
        if (phase.name == "D") {
          for (const int64_t index : counted(reals.samples)) seen.push_back(index);
        }
        return gan.usual_loss(phase, reals);
      },
      [&](ToyGan& gan) {
        gan.set_phases({{"D", {gan.discriminator}, d_repeats}, {"G", {gan.generator}}});
      });
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(game.trainer->step());
  return seen;
}

TEST(TrainerOrder, IsAPureFunctionOfSeedAndPosition) {
  for (const int64_t workers : {0, 1, 3}) {
    for (const int64_t accumulate : {1, 4}) {
      TrainerConfig config = small_config();
      config.workers = workers;
      config.train.accumulate = accumulate;
      EXPECT_EQ(samples_seen(config, 1), expected_order(5 * 8, config.seed))
          << workers << " workers, accumulate " << accumulate;
    }
  }
}

TEST(TrainerOrder, GivesARepeatFreshSamples) {
  EXPECT_EQ(samples_seen(small_config(), 3), expected_order(5 * 3 * 8, small_config().seed));
}

TEST(TrainerOrder, DependsOnTheSeed) {
  TrainerConfig other = small_config();
  other.seed = 12;
  EXPECT_NE(samples_seen(small_config(), 1), samples_seen(other, 1));
}

TEST(Trainer, CountsSamplesShown) {
  Game game(small_config(), {}, [](ToyGan& gan) {
    gan.set_phases({{"D", {gan.discriminator}, 3}, {"G", {gan.generator}}});
  });
  EXPECT_EQ(game.trainer->kimg(), 0);
  game.trainer->step();
  game.trainer->step();
  EXPECT_DOUBLE_EQ(game.trainer->kimg(), 2 * 3 * 8 / 1000.0);
  EXPECT_EQ(game.trainer->steps(), 2);
}

TEST(Trainer, AccumulatedMicroBatchesEqualOneBatch) {
  for (const OptimizerKind kind :
       {OptimizerKind::kSgd, OptimizerKind::kAdam, OptimizerKind::kRmsprop}) {
    TrainerConfig whole = small_config();
    for (auto& [player, optimizer] : whole.optimizers) {
      optimizer.kind = kind;
      optimizer.learning_rate = 1e-3;
    }
    TrainerConfig split = whole;
    split.train.accumulate = 4;
    Game a(whole), b(split);
    const State before = weights(a.gan);
    ASSERT_EQ(distance(before, weights(b.gan)), 0);
    for (int i = 0; i < 3; ++i) {
      a.trainer->step();
      b.trainer->step();
    }
    EXPECT_GT(distance(before, weights(a.gan)), 1e-4);
    EXPECT_LT(distance(weights(a.gan), weights(b.gan)), 1e-6);
    EXPECT_EQ(a.trainer->kimg(), b.trainer->kimg());
    EXPECT_EQ(a.trainer->steps(), b.trainer->steps());
  }
}

TEST(Trainer, RefusesToSplitUnevenly) {
  TrainerConfig config = small_config();
  config.train.accumulate = 3;
  try {
    Game game(config);
    FAIL() << "accepted";
  } catch (const UsageError& error) {
    EXPECT_NE(std::string(error.what()).find("train.accumulate"), std::string::npos);
  }
}

TEST(Trainer, FreezesEveryNetworkThatAPhaseDoesNotUpdate) {
  State at_d, at_g;
  std::vector<std::string> wrong;
  const auto check = [&](const gans::NetworkRef& network, bool frozen, const std::string& phase) {
    network->module->each_parameter([&](const std::string& path, at::Tensor& tensor) {
      if (tensor.requires_grad() == frozen) wrong.push_back(phase + ": " + path);
    });
    if (network->module->frozen() != frozen) wrong.push_back(phase + ": frozen()");
  };
  Game game(small_config(),
            [&](ToyGan& gan, const gans::Phase& phase, const Batch& reals, gans::Step&) {
              const bool d = phase.name == "D";
              (d ? at_d : at_g) = weights(gan);
              check(gan.generator, d, phase.name);
              check(gan.discriminator, !d, phase.name);
              return gan.usual_loss(phase, reals);
            });
  game.trainer->step();
  const State after = weights(game.gan);
  EXPECT_EQ(wrong, std::vector<std::string>());
  EXPECT_EQ(differences({{"g", at_d["generator"]}}, {{"g", at_g["generator"]}}),
            std::vector<std::string>());
  EXPECT_NE(differences({{"d", at_d["discriminator"]}}, {{"d", at_g["discriminator"]}}),
            std::vector<std::string>());
  EXPECT_EQ(differences({{"d", at_g["discriminator"]}}, {{"d", after.at("discriminator")}}),
            std::vector<std::string>());
  EXPECT_NE(differences({{"g", at_g["generator"]}}, {{"g", after.at("generator")}}),
            std::vector<std::string>());
}

TEST(Trainer, LeavesNoGradientsBehind) {
  Game game(small_config());
  game.trainer->step();
  for (const auto& network : game.gan.networks()) {
    network->module->each_parameter([&](const std::string& path, at::Tensor& tensor) {
      EXPECT_FALSE(tensor.grad().defined()) << network->name << "/" << path;
    });
  }
}

TEST(Trainer, RunsALazyPhaseAtItsIntervalWithItsPlayersOptimizer) {
  std::map<std::string, std::vector<int64_t>> steps;
  Game game(
      small_config(),
      [&](ToyGan& gan, const gans::Phase& phase, const Batch& reals, gans::Step& step) {
        steps[phase.name].push_back(step.index());
        return gan.usual_loss(phase, reals);
      },
      [](ToyGan& gan) {
        gan.set_phases(
            {{"D", {gan.discriminator}},
             {.name = "Dreg", .networks = {gan.discriminator}, .interval = 4, .player = "D"},
             {"G", {gan.generator}}});
      });
  for (int i = 0; i < 9; ++i) game.trainer->step();
  EXPECT_EQ(steps["Dreg"], (std::vector<int64_t>{0, 4, 8}));
  EXPECT_EQ(steps["G"].size(), 9U);
  EXPECT_EQ(game.trainer->scalars()["updates"]["D"], 9 + 3);
  EXPECT_EQ(game.trainer->scalars()["updates"]["G"], 9);
}

TEST(Trainer, ClipsTheWeightsOfAPhaseThatAsksForIt) {
  Game game(small_config(), {}, [](ToyGan& gan) {
    gan.set_phases({{.name = "D", .networks = {gan.discriminator}, .weight_clip = 0.01},
                    {"G", {gan.generator}}});
  });
  game.trainer->step();
  const State after = weights(game.gan);
  double largest_d = 0, largest_g = 0;
  for (const auto& [name, tensor] : after.at("discriminator")) {
    largest_d = std::max(largest_d, tensor.abs().max().item<double>());
  }
  for (const auto& [name, tensor] : after.at("generator")) {
    largest_g = std::max(largest_g, tensor.abs().max().item<double>());
  }
  EXPECT_LE(largest_d, 0.01 + 1e-9);
  EXPECT_GT(largest_g, 0.05);
}

TEST(Trainer, WeighsTermsAndOnlyRecordsObservedOnes) {
  const auto with_terms = [](double weight) {
    return [weight](ToyGan& gan, const gans::Phase& phase, const Batch& reals, gans::Step&) {
      gans::Terms terms = gan.usual_loss(phase, reals);
      const at::Tensor norm = gan.discriminator(reals.samples).square().mean();
      terms.push_back({"extra", norm, weight});
      terms.push_back(gans::observed("seen", norm));
      return terms;
    };
  };
  Game plain(small_config()), zero(small_config(), with_terms(0)),
      two(small_config(), with_terms(2));
  for (Game* game : {&plain, &zero, &two}) game->trainer->step();
  EXPECT_EQ(distance(weights(plain.gan), weights(zero.gan)), 0);
  EXPECT_GT(distance(weights(plain.gan), weights(two.gan)), 1e-5);
  const auto means = zero.trainer->statistics().take();
  EXPECT_EQ(means.at("D/extra"), means.at("D/seen"));
  EXPECT_TRUE(means.contains("G/gradient_norm"));
}

// averages[t] for the half-life min(ema_kimg, ramp * kimg so far).
void expect_averages(double ema_kimg, double ramp) {
  TrainerConfig config = small_config();
  config.train.ema_kimg = ema_kimg;
  config.train.ema_ramp = ramp;
  Game game(config);
  std::map<std::string, at::Tensor> expected = weights(game.gan).at("generator_ema");
  for (int t = 1; t <= 6; ++t) {
    game.trainer->step();
    const State now = game.gan.state();
    double half_life = ema_kimg * 1000;
    if (ramp > 0) half_life = std::min(half_life, ramp * 8 * t);
    const double keep = half_life > 0 ? std::pow(0.5, 8 / half_life) : 0;
    for (auto& [name, average] : expected) {
      average = average * keep + now.at("generator").at(name) * (1 - keep);
      const at::Tensor error = average - now.at("generator_ema").at(name);
      EXPECT_LT(error.abs().max().item<double>(), 1e-6) << name << ", step " << t;
    }
  }
}

TEST(TrainerAverages, FollowTheHalfLife) { expect_averages(0.02, 0); }
TEST(TrainerAverages, RampUpWithTheRun) { expect_averages(10, 0.5); }
TEST(TrainerAverages, LeaveTheRampWhereTheHalfLifeIsShorter) { expect_averages(0.02, 0.8); }
TEST(TrainerAverages, EqualTheWeightsWithoutAHalfLife) { expect_averages(0, 0); }

TEST(TrainerBalance, TrainsTheLoserMoreOften) {
  for (const double accuracy : {1.0, 0.0, 0.75}) {
    TrainerConfig config = small_config();
    config.balance = {
        .enabled = true, .high = 0.9, .low = 0.6, .max_repeats = 3, .smoothing_kimg = 0.001};
    std::map<std::string, int> runs;
    Game game(config, [&](ToyGan& gan, const gans::Phase& phase, const Batch& reals, gans::Step&) {
      ++runs[phase.name];
      gans::Terms terms = gan.usual_loss(phase, reals);
      if (phase.name == "D") {
        terms.push_back(gans::observed("accuracy", at::scalar_tensor(accuracy)));
      }
      return terms;
    });
    game.trainer->step();
    // Before the first observation both run once; G of the same step already sees D's accuracy.
    EXPECT_EQ(runs["D"], 1);
    EXPECT_EQ(runs["G"], accuracy == 1.0 ? 3 : 1);
    runs.clear();
    game.trainer->step();
    EXPECT_EQ(runs["D"], accuracy == 0.0 ? 3 : 1);
    EXPECT_EQ(runs["G"], accuracy == 1.0 ? 3 : 1);
  }
}

}  // namespace
}  // namespace ganymede::train
