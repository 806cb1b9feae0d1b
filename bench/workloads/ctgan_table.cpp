// CTGAN with the numbers of its default recipe on the rows of the CSV file that
// GANYMEDE_BENCH_TABLE names: what bench/compare_tables times beside the package `ctgan`.
#include <cstdlib>

#include "bench/workload.h"
#include "ganymede/core/error.h"
#include "ganymede/data/dataset.h"
#include "ganymede/train/trainer.h"

namespace ganymede::bench {
namespace {

constexpr int64_t kBatch = 500;
constexpr double kEmaKimg = 30;
constexpr double kWeightDecay = 1e-6;

std::string table_path() {
  const char* path = std::getenv("GANYMEDE_BENCH_TABLE");
  if (path != nullptr) return path;
  throw UsageError({.where = "GANYMEDE_BENCH_TABLE",
                    .found = "nothing",
                    .allowed = "a CSV file",
                    .remedy = "bench/compare_tables sets it"});
}

class TableWorkload final : public Workload {
 public:
  TableWorkload() {
    data::DataConfig config;
    config.path = table_path();
    config.domain = "table";
    config.encoding = "modes";
    config.conditions = true;
    const std::shared_ptr<data::Dataset> rows = data::open_dataset(config);
    gan_ = train::make_gan("ctgan", {}, rows->spec());
    gan_->initialize(/*seed=*/0);
    train::TrainerConfig trainer;
    trainer.train.batch = kBatch;
    trainer.train.ema_kimg = kEmaKimg;
    train::OptimizerConfig optimizer = adam(2e-4, 0.5, 0.9);
    optimizer.weight_decay = kWeightDecay;
    for (const gans::Phase& phase : gan_->phases())
      trainer.optimizers[phase.optimizer()] = optimizer;
    trainer_ = std::make_unique<train::Trainer>(*gan_, rows, trainer, at::kCPU);
  }

  Trace trace() override {
    throw UsageError({.where = "ctgan_table", .found = "trace", .allowed = "time, encode"});
  }
  void step() override {
    if (trainer_->step()) return;
    throw NumericError({.where = "benchmark", .found = "a step that is not finite"});
  }
  train::Trainer* trainer() override { return trainer_.get(); }

 private:
  std::unique_ptr<gans::Gan> gan_;
  std::unique_ptr<train::Trainer> trainer_;
};

const bool added = add_workload("ctgan_table", [] { return std::make_unique<TableWorkload>(); });

}  // namespace
}  // namespace ganymede::bench
