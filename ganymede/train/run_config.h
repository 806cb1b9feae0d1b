// Everything a run's recipe says beyond its gan and data.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ganymede/config/schema.h"
#include "ganymede/ops/conv_choice.h"

namespace ganymede::train {

// Top-level keys.
struct RunConfig {
  int64_t seed = 0;
  static void describe(config::Schema<RunConfig>& schema);
};

enum class NanPolicy { kStop, kSkip, kRollback };
std::vector<std::pair<const char*, NanPolicy>> enum_names(NanPolicy);

// [train]
struct TrainConfig {
  double kimg = 1000;  // thousand real samples shown
  int64_t batch = 64;
  int64_t accumulate = 1;       // micro-batches per step; must divide batch
  double checkpoint_kimg = 50;  // 0: only at the end
  int64_t keep = 3;             // checkpoints kept
  double tick_kimg = 2;         // one line of statistics
  double sample_kimg = 20;      // one picture of samples
  double health_kimg = 4;       // one look at the game's health; 0: none
  double ema_kimg = 10;         // half-life of the averaged weights
  double ema_ramp = 0.05;       // half-life at most this share of kimg so far; 0: none
  NanPolicy nan = NanPolicy::kStop;
  std::string device = "auto";  // auto, cpu, cuda, cuda:n
  int64_t threads = 0;          // 0: as many as this process may use
  int64_t memory_mib = 0;       // 0: no limit
  static void describe(config::Schema<TrainConfig>& schema);
};

// [evaluate]: metrics of checkpoints, and which of them is the best.
struct EvaluateConfig {
  std::vector<std::string> metrics = {"fd"};
  double interval_kimg = 20;
  int64_t samples = 1000;
  std::string features;  // as gan evaluate --features
  int64_t seeds = 1;
  std::string best = "fd";
  static void describe(config::Schema<EvaluateConfig>& schema);
};

// [train.balance]: more updates for the player that loses, judged by D's accuracy.
struct BalanceConfig {
  bool enabled = false;
  double high = 0.9;  // D wins above this: G trains up to max_repeats times
  double low = 0.6;   // D loses below this: D trains up to max_repeats times
  int64_t max_repeats = 3;
  double smoothing_kimg = 1;  // half-life of the accuracy estimate
  static void describe(config::Schema<BalanceConfig>& schema);
};

// What networks compute with.
enum class Precision { kFloat32, kBfloat16, kFloat16 };
std::vector<std::pair<const char*, Precision>> enum_names(Precision);

// How pictures lie in memory. kAuto: channels last in low precision on a GPU, whose matrix units
// read them so.
enum class Layout { kAuto, kContiguous, kChannelsLast };
std::vector<std::pair<const char*, Layout>> enum_names(Layout);

// [engine]: how, not what, a run computes.
struct EngineConfig {
  ops::ConvMode conv = ops::ConvMode::kAuto;
  bool conv_timing = true;
  Precision precision = Precision::kFloat32;
  std::vector<std::string> float32_phases;  // of the gan, which precision leaves alone
  Layout layout = Layout::kAuto;
  bool graphs = false;
  static void describe(config::Schema<EngineConfig>& schema);
};

enum class OptimizerKind { kSgd, kAdam, kRmsprop };
std::vector<std::pair<const char*, OptimizerKind>> enum_names(OptimizerKind);
enum class Decay { kConstant, kLinear, kExponential };
std::vector<std::pair<const char*, Decay>> enum_names(Decay);

// [optimizer] for all players, [optimizer.<player>] for the differences.
struct OptimizerConfig {
  OptimizerKind kind = OptimizerKind::kAdam;
  double learning_rate = 2e-4;
  double beta1 = 0.5;
  double beta2 = 0.999;
  double eps = 1e-8;
  double weight_decay = 0;    // Adam: times the weights, added to their gradients
  double alpha = 0.99;        // smoothing of RMSProp
  double momentum = 0;        // SGD
  double momentum_final = 0;  // reached linearly at momentum_ramp_kimg (0 kimg: no ramp)
  double momentum_ramp_kimg = 0;
  Decay decay = Decay::kConstant;
  double decay_start_kimg = 0;  // linear: from here
  double decay_end_kimg = 0;    // linear: zero here
  double decay_factor = 1.0;    // exponential: divides the rate at every update
  double learning_rate_floor = 0;
  static void describe(config::Schema<OptimizerConfig>& schema);
};

}  // namespace ganymede::train
