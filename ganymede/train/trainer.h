// One training step, derived from what a gan declares: freezing, accumulation, optimizers,
// averaging, balance, NaN policy. No files, no loop.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "ganymede/data/loader.h"
#include "ganymede/gans/gan.h"
#include "ganymede/train/augmentation.h"
#include "ganymede/train/balance.h"
#include "ganymede/train/optimizer.h"
#include "ganymede/train/precision.h"
#include "ganymede/train/statistics.h"
#include "ganymede/train/step_graph.h"

namespace ganymede::train {

struct TrainerConfig {
  uint64_t seed = 0;
  TrainConfig train;
  BalanceConfig balance;
  AugmentConfig augment = {};
  EngineConfig engine = {};
  std::map<std::string, OptimizerConfig> optimizers;  // by player
  int64_t workers = 1;
  bool mirror = false;
};

class Trainer {
 public:
  // `gan` must be initialised (Gan::initialize); it is moved to `device` here.
  Trainer(gans::Gan& gan, std::shared_ptr<const data::Dataset> dataset, const TrainerConfig& config,
          const at::Device& device);
  ~Trainer();

  // One step: every phase that is due, then the averages. Throws NumericError naming phase, term
  // and step when a loss or gradient is not finite and the policy is "stop" or has been used up;
  // MemoryError naming phase and step.
  // Returns false when the policy "rollback" asks the caller to load the last checkpoint and
  // then call rolled_back().
  bool step();
  void rolled_back();
  // Whether the policy is "rollback" and has not been used up.
  bool may_roll_back() const;

  double kimg() const;
  int64_t steps() const { return steps_; }
  Statistics& statistics() { return statistics_; }
  double stalled_seconds() const;
  gans::Gan& gan() { return gan_; }
  const at::Device& device() const { return device_; }

  // Everything that the next step depends on: tensors by file stem, and scalars.
  std::map<std::string, nn::TensorMap> tensors() const;
  nlohmann::json scalars() const;
  void load(const std::map<std::string, nn::TensorMap>& tensors, const nlohmann::json& scalars,
            const std::string& where);

  // Why steps are not replayed as a graph of the device's kernels though engine.graphs asks for it;
  // empty: they are, or may be after some more steps, or were not asked for.
  const std::string& graph_refusal() const { return graph_refusal_; }

  // Throws NumericError naming the first tensor that is not finite.
  void check_finite() const;

 private:
  struct Micro;
  void fetch();
  Batch on_device(Batch batch) const;
  Precision precision_of(const gans::Phase& phase) const;
  bool scales_loss(const gans::Phase& phase) const;
  void check_phases() const;
  bool run_phases(int64_t before);
  std::string needs_host() const;
  void make_graph();
  void say_refusal(const std::string& why);
  void play_alone(const Batch& reals, Statistics& statistics);
  std::string where_in(const gans::Phase& phase) const;
  bool run_phase(const gans::Phase& phase, int64_t repeat);
  bool accumulate(const gans::Phase& phase, int64_t repeat, int64_t micro, bool& learns,
                  std::string& problem);
  bool apply(const gans::Phase& phase, std::string& problem);
  bool handle_problem(const gans::Phase& phase, const std::string& problem);
  void freeze_others(const gans::Phase& phase);
  void adapt_augmentation(int64_t images);
  void update_averages(int64_t images);
  void make_loader(int64_t position);
  uint64_t draw_seed() const;

  gans::Gan& gan_;
  std::shared_ptr<const data::Dataset> dataset_;
  TrainerConfig config_;
  at::Device device_;
  std::vector<gans::Phase> phases_;
  std::map<std::string, std::unique_ptr<Optimizer>> optimizers_;
  Balance balance_;
  Augmentation augmentation_;
  Statistics statistics_;
  LossScale loss_scale_;
  std::unique_ptr<StepGraph> graph_;
  std::string graph_refusal_;
  std::unique_ptr<data::Loader> loader_;
  std::vector<Micro> micros_;
  int64_t steps_ = 0;
  int64_t rollbacks_ = 0;
  int64_t skipped_in_a_row_ = 0;
  double rate_scale_ = 1.0;
  int64_t images_since_look_ = 0;  // shown since the augmentation last looked at D
};

}  // namespace ganymede::train
