// A training step whose kernels a device records once and then repeats by itself (CUDA graphs),
// which saves what the CPU takes to start each of them.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ganymede/core/draw_tape.h"
#include "ganymede/core/sample.h"
#include "ganymede/train/statistics.h"

namespace ganymede::train {

// One step as the graph needs it.
struct GraphedStep {
  // Every tensor that steps read and write: weights, buffers, moments.
  std::vector<at::Tensor> state;
  // One step for a batch. Reads and writes `state`, the statistics and the numbers below, nothing
  // else; draws from streams whose index is the step's.
  std::function<void(const Batch& batch, Statistics& statistics)> play;
  // What steps count on the host.
  std::function<std::vector<int64_t>()> numbers;
  std::function<void(const std::vector<int64_t>&)> set_numbers;
};

class StepGraph {
 public:
  StepGraph(const c10::Device& device, GraphedStep step);
  ~StepGraph();

  // Does the step `index`, in whichever way is safe: the first ones plainly; then one is recorded;
  // then two are done in both ways, from the same state, and only when the graph leads where the
  // plain steps lead, within kTolerance of their way, are the following ones replayed.
  void run(uint64_t index, const Batch& batch, Statistics& statistics);

  // Why steps are not replayed, for people; empty while they are or may be.
  const std::string& refusal() const { return refusal_; }
  bool replays() const;

  // Of the distance that a plain step goes, by tensor. Adam's steps have the size of the learning
  // rate even where rounding decides their sign.
  static constexpr double kTolerance = 0.02;

 private:
  struct Recorded;
  void capture(const Batch& batch);
  void record(uint64_t index, const Batch& batch);
  void replay(uint64_t index, const Batch& batch, Statistics& statistics);
  void try_both(uint64_t index, const Batch& batch, Statistics& statistics);
  std::vector<at::Tensor> copy_of_state() const;
  void set_state(const std::vector<at::Tensor>& values) const;
  bool same_way(const std::vector<at::Tensor>& before, const std::vector<at::Tensor>& plain) const;
  void wait() const;
  void refuse(const std::string& why);

  c10::Device device_;
  GraphedStep step_;
  std::unique_ptr<Recorded> recorded_;
  int plain_steps_ = 0;
  int agreed_ = 0;
  std::string refusal_;
};

}  // namespace ganymede::train
