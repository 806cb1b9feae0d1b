// Recorded steps: what is replayed, and what is refused. Devices here record no graphs, so a
// stand-in does that registers itself for the CPU.
#include "ganymede/train/step_graph.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "ganymede/core/device.h"
#include "toys.h"

#if __has_include(<ATen/core/GraphImplInterface.h>)
#include <ATen/core/GraphImplInterface.h>

namespace ganymede::train {
namespace {

// What the stand-in does when it is told to replay, and whether its recording fails.
std::function<void()> on_replay;
std::string recording_fails_with;
int captures = 0;

struct StandIn final : at::GraphImplInterface {
  explicit StandIn(const at::GraphImplArgs&) {}
  void capture_begin(at::MempoolId_t, at::GraphCaptureMode) override {
    ++captures;
    if (!recording_fails_with.empty()) throw std::runtime_error(recording_fails_with);
  }
  void capture_end() override {}
  void instantiate() override {}
  void replay() override {
    if (on_replay) on_replay();
  }
  void reset() override {}
  at::MempoolId_t pool() const override { return {0, 0}; }
  void enable_debug_mode() override {}
  void debug_dump(const std::string&) override {}
};

}  // namespace
}  // namespace ganymede::train

namespace at {
REGISTER_GRAPH_IMPL(CPU, ganymede::train::StandIn);
}  // namespace at

namespace ganymede::train {
namespace {

// A step that moves one tensor by the batch and by draws, and counts itself.
struct Walk {
  at::Tensor place = at::zeros({4});
  int64_t steps = 0;
  uint64_t index = 0;  // of the step that is made
  bool draws_one_number = false;
  // Where a recorded step keeps what it reads: kernels of a device would know.
  at::Tensor recorded_batch, recorded_draw, recorded_sum;

  void play(const Batch& batch, Statistics& statistics) {
    Stream random(5, "walk", index);
    const at::Tensor draw = random.normal({4});
    if (draws_one_number) random.next_uniform();
    const at::Tensor sum = draw.sum();
    statistics.add("sum", sum);
    ++steps;
    if (captures > 0 && !recorded_draw.defined()) {
      recorded_batch = batch.samples;
      recorded_draw = draw;
      recorded_sum = sum;
    }
    move(batch.samples, draw);
  }
  void move(const at::Tensor& samples, const at::Tensor& draw) { place.add_(samples + draw); }

  GraphedStep step() {
    return {.state = {place},
            .play = [this](const Batch& b, Statistics& s) { play(b, s); },
            .numbers = [this] { return std::vector<int64_t>{steps}; },
            .set_numbers = [this](const std::vector<int64_t>& n) { steps = n[0]; }};
  }
};

class StepGraphTest : public testing::Test {
 protected:
  void SetUp() override {
    captures = 0;
    on_replay = {};
    recording_fails_with.clear();
  }
  void TearDown() override { SetUp(); }

  // Twelve steps by a graph, and the same without one.
  void compare(Walk& walk) {
    StepGraph graph(at::kCPU, walk.step());
    Walk plain;
    Statistics with, without;
    for (uint64_t i = 0; i < 12; ++i) {
      const Batch batch{at::full({4}, static_cast<double>(i)), {}};
      walk.index = plain.index = i;
      graph.run(i, batch, with);
      plain.play(batch, without);
      EXPECT_TRUE(at::equal(walk.place, plain.place)) << "step " << i;
      EXPECT_EQ(walk.steps, plain.steps) << "step " << i;
    }
    const double expected = without.take().at("sum");
    EXPECT_NEAR(with.take().at("sum"), expected, 1e-5);
    refusal_ = graph.refusal();
    replays_ = graph.replays();
  }

  std::string refusal_;
  bool replays_ = false;
};

TEST_F(StepGraphTest, AFaithfulRecordingIsReplayedWithNewDrawsAndBatches) {
  Walk walk;
  int replays = 0;
  on_replay = [&] {
    ++replays;
    walk.recorded_sum.copy_(walk.recorded_draw.sum());
    walk.move(walk.recorded_batch, walk.recorded_draw);
  };
  compare(walk);
  EXPECT_EQ(refusal_, "");
  EXPECT_TRUE(replays_);
  EXPECT_EQ(captures, 1);
  EXPECT_EQ(replays, 9);  // two trials, seven steps
}

TEST_F(StepGraphTest, ARecordingThatLeadsElsewhereIsRefusedAndTrainingGoesOn) {
  Walk walk;
  on_replay = [&] { walk.place.add_(1); };
  compare(walk);
  EXPECT_NE(refusal_.find("leads elsewhere"), std::string::npos) << refusal_;
  EXPECT_FALSE(replays_);
}

TEST_F(StepGraphTest, ARecordingThatFailsIsRefusedAndTrainingGoesOn) {
  Walk walk;
  recording_fails_with = "operation not permitted when stream is capturing";
  compare(walk);
  EXPECT_NE(refusal_.find("not permitted"), std::string::npos) << refusal_;
}

TEST_F(StepGraphTest, AStepThatDrawsSingleNumbersIsRefused) {
  Walk walk;
  walk.draws_one_number = true;
  StepGraph graph(at::kCPU, walk.step());
  Statistics statistics;
  for (uint64_t i = 0; i < 6; ++i) {
    walk.index = i;
    graph.run(i, {at::ones({4}), {}}, statistics);
  }
  EXPECT_NE(graph.refusal().find("drawn by itself"), std::string::npos) << graph.refusal();
  EXPECT_EQ(walk.steps, 6);
}

TEST(StepGraph, ADeviceEqualsPlainStepsOfAWholeGan) {
  if (cuda_devices() == 0) GTEST_SKIP() << "no CUDA device";
  const at::Device device(at::kCUDA, 0);
  const auto train = [&](bool graphs) {
    const auto data = std::make_shared<CountingData>(64);
    ToyGan gan(data->spec());
    gan.initialize(3);
    TrainerConfig config;
    config.train.batch = 8;
    config.engine.graphs = graphs;
    Trainer trainer(gan, data, config, device);
    for (int i = 0; i < 20; ++i) trainer.step();
    EXPECT_EQ(trainer.graph_refusal(), "");
    std::vector<at::Tensor> weights;
    for (const auto& [network, tensors] : gan.state()) {
      for (const auto& [name, tensor] : tensors) weights.push_back(tensor.to(at::kCPU));
    }
    return weights;
  };
  const auto plain = train(false), replayed = train(true);
  for (size_t i = 0; i < plain.size(); ++i)
    EXPECT_TRUE(at::allclose(plain[i], replayed[i], 1e-4, 1e-5)) << i;
}

}  // namespace
}  // namespace ganymede::train
#endif
