// A recipe turned into live objects: the one place where names become gans and data.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "ganymede/config/recipe.h"
#include "ganymede/core/progress.h"
#include "ganymede/data/dataset.h"
#include "ganymede/gans/registry.h"
#include "ganymede/train/systems.h"
#include "ganymede/train/trainer.h"

namespace ganymede::train {

// The name within [gan].
struct GanChoice {
  std::string name;
  static void describe(config::Schema<GanChoice>& schema);
};

// The recipe for "gan train NAME --data DATA": a recipe file or built-in recipe as it is; for the
// name of a system (systems.h) the built-in recipe "<name>/<data>" when there is one, else
// "<name>/default".
// Throws UsageError with near names.
config::Recipe choose_recipe(const std::string& name, const std::string& data);

// All sections of a recipe for the system `gan`: for help and JSON Schema.
std::vector<config::Section> recipe_sections(const std::string& gan);

class Session {
 public:
  // Binds and checks every key of the recipe; reads no data.
  explicit Session(config::Recipe recipe);

  // Opens the data, builds and initialises the gan and its trainer. Sets the process' mode of
  // convolutions.
  void open(Progress* progress = nullptr);

  const config::Recipe& recipe() const { return recipe_; }
  config::Recipe& recipe() { return recipe_; }
  const std::string& gan_name() const { return choice_.name; }
  const TrainConfig& train() const { return train_; }
  const EvaluateConfig& evaluate() const { return evaluate_; }
  const data::DataConfig& data() const { return data_; }
  uint64_t seed() const { return static_cast<uint64_t>(run_.seed); }
  // "dcgan-fashion-mnist": for the run's folder.
  std::string short_name() const;

  const std::shared_ptr<data::Dataset>& dataset() const { return dataset_; }
  // Real samples that training never sees; null when there are none. Opened at the first call.
  const std::shared_ptr<data::Dataset>& holdout();
  gans::Gan& gan() { return *gan_; }
  Trainer& trainer() { return *trainer_; }

  // What a checkpoint says beside the trainer's scalars: gan, sample spec, data fingerprint.
  nlohmann::json identity() const;
  // Throws UsageError when a checkpoint's identity is another one.
  void check_identity(const nlohmann::json& found, const std::string& where) const;

 private:
  config::Recipe recipe_;
  RunConfig run_;
  About about_;
  GanChoice choice_;
  data::DataConfig data_;
  TrainConfig train_;
  BalanceConfig balance_;
  AugmentConfig augment_;
  EvaluateConfig evaluate_;
  EngineConfig engine_;
  OptimizerConfig base_optimizer_;
  std::map<std::string, OptimizerConfig> optimizers_;
  std::unique_ptr<gans::GanBuilder> builder_;
  std::shared_ptr<data::Dataset> dataset_;
  std::optional<std::shared_ptr<data::Dataset>> holdout_;
  std::unique_ptr<gans::Gan> gan_;
  std::unique_ptr<Trainer> trainer_;
};

}  // namespace ganymede::train
