// Training in low precision and other layouts beside plain float32, on the CPU.
#include "ganymede/train/precision.h"

#include <ATen/ATen.h>
#include <ATen/autocast_mode.h>

#include <nlohmann/json.hpp>

#include "ganymede/core/error.h"
#include "ganymede/data/noise.h"
#include "ganymede/train/rehearsal.h"
#include "toys.h"

namespace ganymede::train {
namespace {

TEST(Autocast, HoldsForItsScopeOnly) {
  const at::Tensor a = at::ones({4, 4});
  {
    const Autocast scope(at::kCPU, Precision::kBfloat16);
    EXPECT_EQ(at::mm(a, a).scalar_type(), at::kBFloat16);
    const Autocast inner(at::kCPU, Precision::kFloat32);
    EXPECT_EQ(at::mm(a, a).scalar_type(), at::kBFloat16);
  }
  EXPECT_EQ(at::mm(a, a).scalar_type(), at::kFloat);
  EXPECT_FALSE(at::autocast::is_autocast_enabled(at::kCPU));
}

TEST(LossScale, HalvesAtAnOverflowAndDoublesAfterManyGoodUpdates) {
  LossScale scale;
  const double first = scale.value();
  EXPECT_FALSE(scale.accept(false));
  EXPECT_EQ(scale.value(), first / 2);
  for (int i = 0; i < 1999; ++i) EXPECT_TRUE(scale.accept(true));
  EXPECT_EQ(scale.value(), first / 2);
  LossScale resumed;
  resumed.restore(scale.state());
  EXPECT_TRUE(resumed.accept(true));
  EXPECT_EQ(resumed.value(), first);
}

// Eight steps of a small DCGAN; what the last one's losses were, and how far the weights went.
struct Course {
  std::map<std::string, double> losses;
  std::vector<at::Tensor> way;
};

Course course(const EngineConfig& engine) {
  const SampleSpec spec{.domain = "image", .shape = {1, 28, 28}, .classes = 0};
  const auto gan = make_gan("dcgan", {"gan.base_channels=8"}, spec);
  const auto data = data::noise_dataset(spec, 64, 1);
  gan->initialize(1);
  std::vector<at::Tensor> before;
  for (const auto& [network, tensors] : gan->state()) {
    for (const auto& [name, tensor] : tensors) before.push_back(tensor.clone());
  }
  TrainerConfig config;
  config.train.batch = 16;
  config.engine = engine;
  Trainer trainer(*gan, data, config, at::kCPU);
  for (int i = 0; i < 8; ++i) {
    trainer.statistics().take();
    trainer.step();
  }
  Course found{trainer.statistics().take(), {}};
  size_t i = 0;
  for (const auto& [network, tensors] : gan->state()) {
    for (const auto& [name, tensor] : tensors) found.way.push_back(tensor - before[i++]);
  }
  return found;
}

void expect_alike(const Course& found, const Course& expected, double tolerance) {
  for (const auto& [name, value] : expected.losses) {
    if (name.find("gradient_norm") != std::string::npos) continue;
    EXPECT_NEAR(found.losses.at(name), value, tolerance * std::max(1.0, std::abs(value))) << name;
  }
}

TEST(Precision, LowPrecisionTrainsAsFloat32WithinItsRounding) {
  const Course plain = course({});
  for (const Precision precision : {Precision::kBfloat16, Precision::kFloat16}) {
    EngineConfig engine;
    engine.precision = precision;
    const Course low = course(engine);
    EXPECT_FALSE(at::equal(low.way.front(), plain.way.front()));
    expect_alike(low, plain, 0.1);
    for (const at::Tensor& way : low.way) EXPECT_EQ(way.scalar_type(), at::kFloat);
  }
}

TEST(Precision, PhasesMayStayInFloat32) {
  const Course plain = course({});
  EngineConfig engine;
  engine.precision = Precision::kBfloat16;
  engine.float32_phases = {"D", "G"};
  const Course kept = course(engine);
  for (size_t i = 0; i < plain.way.size(); ++i)
    EXPECT_TRUE(at::equal(kept.way[i], plain.way[i])) << i;
  engine.float32_phases = {"Q"};
  EXPECT_THROW(course(engine), UsageError);
}

TEST(Layout, ChannelsLastTrainsAlike) {
  const Course plain = course({});
  EngineConfig engine;
  engine.layout = Layout::kChannelsLast;
  const Course other = course(engine);
  expect_alike(other, plain, 1e-2);
  for (size_t i = 0; i < plain.way.size(); ++i) {
    const double apart = (other.way[i] - plain.way[i]).norm().item<double>();
    EXPECT_LE(apart, 0.2 * plain.way[i].norm().item<double>() + 1e-6) << i;
  }
}

TEST(Graphs, AreRefusedInWordsWhereTheHostDecides) {
  const auto data = std::make_shared<CountingData>(64);
  ToyGan gan(data->spec());
  gan.initialize(3);
  TrainerConfig config;
  config.train.batch = 8;
  config.engine.graphs = true;
  config.train.accumulate = 2;
  EXPECT_NE(Trainer(gan, data, config, at::kCPU).graph_refusal().find("accumulate"),
            std::string::npos);
  config.train.accumulate = 1;
  config.balance.enabled = true;
  EXPECT_NE(Trainer(gan, data, config, at::kCPU).graph_refusal().find("balance"),
            std::string::npos);
  config.engine.graphs = false;
  EXPECT_EQ(Trainer(gan, data, config, at::kCPU).graph_refusal(), "");
}

}  // namespace
}  // namespace ganymede::train
