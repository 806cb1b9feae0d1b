#include "bench/workload.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include "ganymede/core/error.h"
#include "ganymede/core/text.h"

namespace ganymede::bench {
namespace {

constexpr int kTracedSteps = 2;  // the second shows whether the updates of the first agree

std::map<std::string, Maker>& makers() {
  static std::map<std::string, Maker> makers;
  return makers;
}

// Stands in front of a network and keeps what it is called with.
class Listener final : public nn::Module {
 public:
  Listener(std::string name, nn::ModulePtr network, TensorMap& heard)
      : name_(std::move(name)), network_(child("network", std::move(network))), heard_(heard) {}

  at::Tensor forward(const at::Tensor& input) override {
    heard_[fmt::format("input/{}/{}", name_, calls_++)] = input.detach().clone();
    return network_(input);
  }

 private:
  std::string name_;
  nn::Module& network_;
  TensorMap& heard_;
  int calls_ = 0;
};

// Listens to every network of a gan while it lives.
class Listening {
 public:
  Listening(gans::Gan& gan, TensorMap& heard) : gan_(gan) {
    for (const auto& network : gan_.networks()) {
      modules_.push_back(network->module);
      network->module = std::make_shared<Listener>(network->name, network->module, heard);
    }
  }
  ~Listening() {
    for (size_t i = 0; i < modules_.size(); ++i) gan_.networks()[i]->module = modules_[i];
  }
  Listening(const Listening&) = delete;
  Listening& operator=(const Listening&) = delete;

 private:
  gans::Gan& gan_;
  std::vector<nn::ModulePtr> modules_;
};

at::Tensor all_samples(const data::Dataset& dataset) {
  std::vector<int64_t> indices(static_cast<size_t>(dataset.size()));
  for (size_t i = 0; i < indices.size(); ++i) indices[i] = static_cast<int64_t>(i);
  return data::read_batch(dataset, indices).samples;
}

}  // namespace

TrainingWorkload::TrainingWorkload(std::unique_ptr<gans::Gan> gan,
                                   const train::OptimizerConfig& optimizer, int64_t batch)
    : rehearsal_(std::move(gan), optimizer, batch) {}

Trace TrainingWorkload::trace() {
  Trace trace;
  for (const auto& network : rehearsal_.gan().networks()) {
    for (const auto& [path, tensor] : network->module->state()) {
      trace.tensors[network->name + "/" + path] = tensor.clone();
    }
  }
  trace.tensors["reals"] = all_samples(rehearsal_.dataset());
  const Listening listening(rehearsal_.gan(), trace.tensors);
  for (int i = 0; i < kTracedSteps; ++i) {
    rehearsal_.trainer().statistics().take();
    step();
    trace.losses.push_back(rehearsal_.trainer().statistics().take());
  }
  return trace;
}

void TrainingWorkload::step() {
  if (!rehearsal_.trainer().step()) {
    throw NumericError({.where = "benchmark", .found = "a step that is not finite"});
  }
}

bool add_workload(const std::string& name, Maker maker) {
  makers()[name] = std::move(maker);
  return true;
}

std::vector<std::string> workload_names() {
  std::vector<std::string> names;
  for (const auto& [name, maker] : makers()) names.push_back(name);
  return names;
}

std::unique_ptr<Workload> make_workload(const std::string& name) {
  const auto found = makers().find(name);
  if (found == makers().end()) {
    throw UsageError(
        {.where = "workload", .found = "\"" + name + "\"", .allowed = join(workload_names())});
  }
  return found->second();
}

train::OptimizerConfig adam(double learning_rate, double beta1, double beta2) {
  train::OptimizerConfig config;
  config.learning_rate = learning_rate;
  config.beta1 = beta1;
  config.beta2 = beta2;
  return config;
}

}  // namespace ganymede::bench
