#include "ganymede/train/rehearsal.h"

#include "ganymede/config/recipe.h"
#include "ganymede/data/noise.h"

namespace ganymede::train {
namespace {

constexpr int64_t kBatches = 8;  // of different reals

}  // namespace

Rehearsal::Rehearsal(std::unique_ptr<gans::Gan> gan, const OptimizerConfig& optimizer,
                     int64_t batch, uint64_t seed)
    : gan_(std::move(gan)),
      dataset_(data::noise_dataset(gan_->spec(), kBatches * batch, seed)),
      batch_(batch) {
  gan_->initialize(seed);
  TrainerConfig config;
  config.seed = seed;
  config.train.batch = batch;
  for (const gans::Phase& phase : gan_->phases()) config.optimizers[phase.optimizer()] = optimizer;
  trainer_ = std::make_unique<Trainer>(*gan_, dataset_, config, at::kCPU);
}

std::unique_ptr<gans::Gan> make_gan(const std::string& name, const std::vector<std::string>& sets,
                                    const SampleSpec& spec) {
  const auto builder = gans::registry().find(name).builder();
  config::Recipe recipe;
  for (const std::string& set : sets) recipe.set(set);
  recipe.bind(builder->section());
  recipe.check_unknown();
  return builder->build(spec);
}

}  // namespace ganymede::train
