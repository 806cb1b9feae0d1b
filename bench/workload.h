// What the benchmark's worker runs: a named piece of work of Ganymede, and all that another
// implementation needs to do the same.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "ganymede/train/rehearsal.h"

namespace ganymede::bench {

using TensorMap = std::map<std::string, at::Tensor>;

// The first steps of a workload: where they begin, what they saw and what they gave.
struct Trace {
  TensorMap tensors;  // "<network>/<parameter>" before the steps, "reals", "input/<network>/<call>"
  std::vector<std::map<std::string, double>> losses;  // "D/adversarial" ... of each step
};

class Workload {
 public:
  virtual ~Workload() = default;
  // Runs the first steps; call once, before step().
  virtual Trace trace() = 0;
  virtual void step() = 0;
  virtual train::Trainer* trainer() { return nullptr; }  // of training workloads
};

// A training step by the product's trainer.
class TrainingWorkload final : public Workload {
 public:
  TrainingWorkload(std::unique_ptr<gans::Gan> gan, const train::OptimizerConfig& optimizer,
                   int64_t batch);
  Trace trace() override;
  void step() override;
  train::Trainer* trainer() override { return &rehearsal_.trainer(); }

 private:
  train::Rehearsal rehearsal_;
};

using Maker = std::function<std::unique_ptr<Workload>()>;

// Makes a workload known; returns true, so that a file can do it in an initializer.
bool add_workload(const std::string& name, Maker maker);
std::vector<std::string> workload_names();
// Throws UsageError for an unknown name.
std::unique_ptr<Workload> make_workload(const std::string& name);

// Adam as most of the workloads use it.
train::OptimizerConfig adam(double learning_rate, double beta1, double beta2);

}  // namespace ganymede::bench
