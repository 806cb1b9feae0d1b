#include "ganymede/train/run_config.h"

namespace ganymede::train {

std::vector<std::pair<const char*, NanPolicy>> enum_names(NanPolicy) {
  return {
      {"stop", NanPolicy::kStop}, {"skip", NanPolicy::kSkip}, {"rollback", NanPolicy::kRollback}};
}

std::vector<std::pair<const char*, OptimizerKind>> enum_names(OptimizerKind) {
  return {{"sgd", OptimizerKind::kSgd},
          {"adam", OptimizerKind::kAdam},
          {"rmsprop", OptimizerKind::kRmsprop}};
}

std::vector<std::pair<const char*, Precision>> enum_names(Precision) {
  return {{"float32", Precision::kFloat32},
          {"bfloat16", Precision::kBfloat16},
          {"float16", Precision::kFloat16}};
}

std::vector<std::pair<const char*, Layout>> enum_names(Layout) {
  return {{"auto", Layout::kAuto},
          {"contiguous", Layout::kContiguous},
          {"channels_last", Layout::kChannelsLast}};
}

std::vector<std::pair<const char*, Decay>> enum_names(Decay) {
  return {{"constant", Decay::kConstant},
          {"linear", Decay::kLinear},
          {"exponential", Decay::kExponential}};
}

void RunConfig::describe(config::Schema<RunConfig>& s) {
  s.field("seed", &RunConfig::seed, "key of every random draw").at_least(0);
}

void TrainConfig::describe(config::Schema<TrainConfig>& s) {
  s.field("kimg", &TrainConfig::kimg, "length of the run: thousand real samples shown")
      .above(0)
      .unit("kimg");
  s.field("batch", &TrainConfig::batch, "real samples per step").range(1, 65536);
  s.field("accumulate", &TrainConfig::accumulate,
          "micro-batches whose gradients make one step; divides batch")
      .range(1, 65536);
  s.field("checkpoint_kimg", &TrainConfig::checkpoint_kimg,
          "between checkpoints; 0: only at the end")
      .at_least(0)
      .unit("kimg");
  s.field("keep", &TrainConfig::keep, "checkpoints kept; 0: all").at_least(0);
  s.field("tick_kimg", &TrainConfig::tick_kimg, "between lines of statistics")
      .above(0)
      .unit("kimg");
  s.field("sample_kimg", &TrainConfig::sample_kimg, "between pictures of samples; 0: at the end")
      .at_least(0)
      .unit("kimg");
  s.field("health_kimg", &TrainConfig::health_kimg,
          "between looks at the game's health, made at ticks (docs/health.md); 0: none")
      .at_least(0)
      .unit("kimg");
  s.field("ema_kimg", &TrainConfig::ema_kimg, "half-life of the averaged weights")
      .at_least(0)
      .unit("kimg");
  s.field("ema_ramp", &TrainConfig::ema_ramp,
          "half-life is at most this share of the kimg so far; 0: no ramp")
      .at_least(0);
  s.field("nan", &TrainConfig::nan, "what NaN or infinity in a step does");
  s.field("device", &TrainConfig::device, "auto, cpu, cuda or cuda:n");
  s.field("threads", &TrainConfig::threads, "0: as many as this process may use").range(0, 4096);
  s.field("memory_mib", &TrainConfig::memory_mib,
          "memory that the process may take for data, in MiB: more is an error; 0: no limit")
      .at_least(0);
}

void EvaluateConfig::describe(config::Schema<EvaluateConfig>& s) {
  s.field("metrics", &EvaluateConfig::metrics,
          "metrics of checkpoints, as for gan evaluate; []: none");
  s.field("interval_kimg", &EvaluateConfig::interval_kimg,
          "checkpoints nearer than this to the last one judged are passed over")
      .at_least(0)
      .unit("kimg");
  s.field("samples", &EvaluateConfig::samples, "real and generated ones, each").range(2, 1000000);
  s.field("features", &EvaluateConfig::features,
          "feature network: identity, pca, random or a file; empty: identity for points, else pca");
  s.field("seeds", &EvaluateConfig::seeds, "repeats with other seeds, of which the mean counts")
      .range(1, 100);
  s.field("best", &EvaluateConfig::best,
          "metric, or name of a score, that chooses the best checkpoint; empty: none");
}

void BalanceConfig::describe(config::Schema<BalanceConfig>& s) {
  s.field("enabled", &BalanceConfig::enabled, "more updates for the player that loses");
  s.field("high", &BalanceConfig::high, "D's accuracy above which G trains more").range(0, 1);
  s.field("low", &BalanceConfig::low, "D's accuracy below which D trains more").range(0, 1);
  s.field("max_repeats", &BalanceConfig::max_repeats, "most updates of one player in a step")
      .range(1, 100);
  s.field("smoothing_kimg", &BalanceConfig::smoothing_kimg, "half-life of the accuracy estimate")
      .above(0)
      .unit("kimg");
}

void EngineConfig::describe(config::Schema<EngineConfig>& s) {
  s.field("conv", &EngineConfig::conv,
          "convolutions: auto is fastest, strict as accurate as direct ones, torch LibTorch's own");
  s.field("conv_timing", &EngineConfig::conv_timing,
          "what computes a convolution is found by timing it once on each machine; false: by fixed "
          "rules");
  s.field("precision", &EngineConfig::precision,
          "of products and convolutions in training; weights and samples stay float32");
  s.field("float32_phases", &EngineConfig::float32_phases,
          "phases that compute in float32 all the same, such as a gradient penalty's");
  s.field("layout", &EngineConfig::layout,
          "of pictures in memory; auto: channels_last in low precision on a GPU");
  s.field("graphs", &EngineConfig::graphs,
          "on a GPU: record a step's kernels once and replay them, where the gan's steps are alike "
          "and a trial agrees (not yet run on a GPU)");
}

void OptimizerConfig::describe(config::Schema<OptimizerConfig>& s) {
  s.field("kind", &OptimizerConfig::kind, "optimizer");
  s.field("learning_rate", &OptimizerConfig::learning_rate, "step size").above(0);
  s.field("beta1", &OptimizerConfig::beta1, "Adam: decay of the first moment").range(0, 1);
  s.field("beta2", &OptimizerConfig::beta2, "Adam: decay of the second moment").range(0, 1);
  s.field("eps", &OptimizerConfig::eps, "added to the denominator").above(0);
  s.field("weight_decay", &OptimizerConfig::weight_decay,
          "Adam: this times the weights is added to their gradients (L2)")
      .range(0, 1);
  s.field("alpha", &OptimizerConfig::alpha, "RMSProp: decay of the squared gradient").range(0, 1);
  s.field("momentum", &OptimizerConfig::momentum, "SGD").range(0, 1);
  s.field("momentum_final", &OptimizerConfig::momentum_final,
          "SGD: momentum at the end of its ramp")
      .range(0, 1);
  s.field("momentum_ramp_kimg", &OptimizerConfig::momentum_ramp_kimg,
          "SGD: momentum rises linearly until here; 0: no ramp")
      .at_least(0)
      .unit("kimg");
  s.field("decay", &OptimizerConfig::decay, "schedule of the learning rate");
  s.field("decay_start_kimg", &OptimizerConfig::decay_start_kimg, "linear: falls from here")
      .at_least(0)
      .unit("kimg");
  s.field("decay_end_kimg", &OptimizerConfig::decay_end_kimg, "linear: reaches zero here")
      .at_least(0)
      .unit("kimg");
  s.field("decay_factor", &OptimizerConfig::decay_factor,
          "exponential: divides the rate at every update")
      .at_least(1);
  s.field("learning_rate_floor", &OptimizerConfig::learning_rate_floor,
          "the rate never falls below")
      .at_least(0);
}

}  // namespace ganymede::train
