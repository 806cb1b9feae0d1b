// The gan of CONTRIBUTING.md, as printed there: it must build, register and train.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

#include "ganymede/gans/registry.h"
#include "ganymede/gans/sampling.h"
#include "ganymede/train/trainer.h"

namespace ganymede::gans {

void register_ragan(Registry& registry);  // compiled from the page

namespace {

std::unique_ptr<Gan> build(int64_t base_channels) {
  Registry registry;
  register_ragan(registry);
  const auto builder = registry.find("ragan").builder();
  builder->section().set("base_channels", base_channels);
  auto gan = builder->build({.domain = "image", .shape = {1, 28, 28}});
  gan->initialize(3);
  return gan;
}

TEST(Contributing, GanOfThePageTrains) {
  const auto gan = build(4);
  const auto before = gan->state();
  std::map<std::string, nn::TensorMap> copies;
  for (const auto& [stem, tensors] : before) {
    for (const auto& [name, tensor] : tensors) copies[stem][name] = tensor.clone();
  }
  data::DataConfig data;
  data.path = "digits";
  train::TrainerConfig config;
  config.train.batch = 16;
  train::Trainer trainer(*gan, data::open_dataset(data), config, at::kCPU);
  for (int step = 0; step < 3; ++step) ASSERT_TRUE(trainer.step());
  const auto after = gan->state();
  for (const auto& stem : {"generator", "discriminator", "generator_ema"}) {
    EXPECT_FALSE(at::equal(after.at(stem).at("main.0.weight"), copies.at(stem).at("main.0.weight")))
        << stem;
  }
  const auto means = trainer.statistics().take();
  // An untrained relativistic D cannot tell the kinds apart: both losses begin near 2 log 2.
  EXPECT_NEAR(means.at("D/adversarial"), 2 * std::log(2.0), 1.0);
  EXPECT_TRUE(std::isfinite(means.at("G/adversarial")));
}

TEST(Contributing, GanOfThePageSamples) {
  const auto gan = build(4);
  Request request;
  request.seeds = {1, 2, 3};
  const at::Tensor samples = sample(*gan, request);
  EXPECT_EQ(samples.sizes(), (std::vector<int64_t>{3, 1, 28, 28}));
  EXPECT_LE(samples.abs().max().item<double>(), 1.0);
}

}  // namespace
}  // namespace ganymede::gans
