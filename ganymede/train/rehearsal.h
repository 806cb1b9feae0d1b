// A gan and its trainer over noise in memory: the real training step where only its speed matters.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "ganymede/gans/registry.h"
#include "ganymede/train/trainer.h"

namespace ganymede::train {

class Rehearsal {
 public:
  // Initialises `gan` and takes samples of its spec from data::noise_dataset.
  Rehearsal(std::unique_ptr<gans::Gan> gan, const OptimizerConfig& optimizer, int64_t batch,
            uint64_t seed = 1);

  gans::Gan& gan() { return *gan_; }
  Trainer& trainer() { return *trainer_; }
  const data::Dataset& dataset() const { return *dataset_; }
  int64_t batch() const { return batch_; }

 private:
  std::unique_ptr<gans::Gan> gan_;
  std::shared_ptr<data::Dataset> dataset_;
  std::unique_ptr<Trainer> trainer_;
  int64_t batch_;
};

// A gan of the registry by name, configured as with --set: {"gan.loss=hinge"}. Throws UsageError.
std::unique_ptr<gans::Gan> make_gan(const std::string& name, const std::vector<std::string>& sets,
                                    const SampleSpec& spec);

}  // namespace ganymede::train
