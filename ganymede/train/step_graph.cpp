#include "ganymede/train/step_graph.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <c10/core/StreamGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#if __has_include(<ATen/core/GraphImplInterface.h>)
#include <ATen/core/GraphImplInterface.h>
#define GANYMEDE_HAS_GRAPHS 1
#endif

namespace ganymede::train {
namespace {

constexpr int kPlainSteps = 3;  // in which libraries choose kernels and take their memory
constexpr int kTrials = 2;      // the second one with another batch and other draws

#ifdef GANYMEDE_HAS_GRAPHS
using DeviceGraph = std::unique_ptr<at::GraphImplInterface>;
DeviceGraph graph_of(const c10::Device& device) {
  return at::has_graph_impl(device.type()) ? at::create_graph_impl(device.type()) : nullptr;
}
#else
// LibTorch before 2.11 has no graphs that know no device by name.
struct NoGraph {
  void capture_begin() {}
  void capture_end() {}
  void instantiate() {}
  void replay() {}
};
using DeviceGraph = std::unique_ptr<NoGraph>;
DeviceGraph graph_of(const c10::Device&) { return nullptr; }
#endif

Batch clone_of(const Batch& batch) {
  const auto copy = [](const at::Tensor& tensor) {
    return tensor.defined() ? tensor.clone() : tensor;
  };
  return {copy(batch.samples), copy(batch.labels), copy(batch.condition), copy(batch.given)};
}

void copy_into(const Batch& to, const Batch& from) {
  const auto copy = [](const at::Tensor& target, const at::Tensor& source) {
    if (target.defined()) target.copy_(source, /*non_blocking=*/true);
  };
  copy(to.samples, from.samples);
  copy(to.labels, from.labels);
  copy(to.condition, from.condition);
  copy(to.given, from.given);
}

}  // namespace

struct StepGraph::Recorded {
  DeviceGraph graph;
  DrawTape draws;
  Batch batch;
  Statistics statistics = {};
  std::vector<int64_t> counted = {};  // by one step
};

StepGraph::StepGraph(const c10::Device& device, GraphedStep step)
    : device_(device), step_(std::move(step)) {
  if (graph_of(device_) == nullptr) refuse("this device records no graphs");
}

StepGraph::~StepGraph() = default;

bool StepGraph::replays() const { return refusal_.empty() && agreed_ == kTrials; }

void StepGraph::refuse(const std::string& why) {
  refusal_ = why;
  recorded_.reset();
}

void StepGraph::wait() const {
  if (device_.is_cpu()) return;
  c10::impl::VirtualGuardImpl(device_.type()).synchronizeDevice(device_.index());
}

std::vector<at::Tensor> StepGraph::copy_of_state() const {
  std::vector<at::Tensor> copies;
  for (const at::Tensor& tensor : step_.state) copies.push_back(tensor.clone());
  return copies;
}

void StepGraph::set_state(const std::vector<at::Tensor>& values) const {
  const at::NoGradGuard no_grad;
  for (size_t i = 0; i < values.size(); ++i) at::Tensor(step_.state[i]).copy_(values[i]);
}

bool StepGraph::same_way(const std::vector<at::Tensor>& before,
                         const std::vector<at::Tensor>& plain) const {
  for (size_t i = 0; i < plain.size(); ++i) {
    const at::Tensor way = (plain[i] - before[i]).to(at::kDouble).norm();
    const at::Tensor apart = (step_.state[i] - plain[i]).to(at::kDouble).norm();
    if (!(apart <= kTolerance * way).item<bool>()) return false;
  }
  return true;
}

void StepGraph::run(uint64_t index, const Batch& batch, Statistics& statistics) {
  if (replays()) return replay(index, batch, statistics);
  if (!refusal_.empty() || plain_steps_++ < kPlainSteps) return step_.play(batch, statistics);
  try_both(index, batch, statistics);
}

void StepGraph::capture(const Batch& batch) {
  // Recordings are made on a stream of their own.
  std::optional<c10::StreamGuard> apart;
  if (!device_.is_cpu()) {
    const c10::impl::VirtualGuardImpl devices(device_.type());
    apart.emplace(devices.getStreamFromGlobalPool(device_));
  }
  const DrawTape::Recording drawing(recorded_->draws);
  recorded_->graph->capture_begin();
  try {
    step_.play(batch, recorded_->statistics);
  } catch (...) {
    try {
      recorded_->graph->capture_end();
    } catch (const std::exception&) {  // the first error says why
    }
    throw;
  }
  recorded_->graph->capture_end();
}

// A recording runs the step's code but none of its kernels.
void StepGraph::record(uint64_t index, const Batch& batch) {
  recorded_ = std::make_unique<Recorded>(
      Recorded{graph_of(device_), DrawTape(index, device_.is_cuda()), clone_of(batch)});
  const std::vector<int64_t> before = step_.numbers();
  wait();
  try {
    capture(recorded_->batch);
    recorded_->counted = step_.numbers();
    for (size_t i = 0; i < before.size(); ++i) recorded_->counted[i] -= before[i];
    if (!recorded_->draws.refusal().empty()) refuse(recorded_->draws.refusal());
  } catch (const std::exception& error) {
    refuse(std::string("the step cannot be recorded: ") + error.what());
  }
  wait();
  step_.set_numbers(before);
}

void StepGraph::replay(uint64_t index, const Batch& batch, Statistics& statistics) {
  wait();  // for the last step, which reads what is written here
  recorded_->draws.redraw(index);
  copy_into(recorded_->batch, batch);
  recorded_->graph->replay();
  statistics.add(recorded_->statistics);
  std::vector<int64_t> numbers = step_.numbers();
  for (size_t i = 0; i < numbers.size(); ++i) numbers[i] += recorded_->counted[i];
  step_.set_numbers(numbers);
}

void StepGraph::try_both(uint64_t index, const Batch& batch, Statistics& statistics) {
  const std::vector<at::Tensor> before = copy_of_state();
  if (!recorded_) {
    record(index, batch);
    set_state(before);
  }
  step_.play(batch, statistics);
  if (!recorded_) return;
  const std::vector<at::Tensor> plain = copy_of_state();
  const std::vector<int64_t> counted = step_.numbers();
  set_state(before);
  Statistics twice;
  replay(index, batch, twice);
  wait();
  const bool agrees = same_way(before, plain);
  set_state(plain);
  step_.set_numbers(counted);
  if (!agrees) return refuse("a replayed step leads elsewhere than a plain one");
  ++agreed_;
}

}  // namespace ganymede::train
