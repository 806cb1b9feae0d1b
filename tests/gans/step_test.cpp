// Step and Request: keyed draws, shared values, latents.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "ganymede/core/error.h"
#include "ganymede/gans/registry.h"
#include "ganymede/gans/sampling.h"
#include "ganymede/nn/layers.h"

namespace ganymede::gans {
namespace {

class Toy final : public Gan {
 public:
  Toy()
      : Gan({"points", {1}}),
        left_(network("left", Role::kAveraged, [] { return nn::linear(1, 1); })),
        norm_(network("norm", Role::kTrained, [] { return nn::batch_norm(1); })),
        fixed_(network("fixed", Role::kFrozen, [] { return nn::linear(1, 1); })) {
    initialize(1);
    for (const auto& each : networks()) each->module->set_frozen(true);
  }
  std::vector<Phase> phases() const override {
    return {{"A", {left_}, 2}, {.name = "B", .networks = {norm_}, .player = "A"}};
  }
  Terms loss(const Phase&, const Batch&, Step&) override { return {}; }
  Latent latent() const override { return {3, Latent::Kind::kUniform, -2, 2}; }
  at::Tensor generate(const Request& request) override {
    return averaged(left_).forward(request.latents(latent()).slice(1, 0, 1));
  }

 private:
  NetworkRef left_, norm_, fixed_;
};

nn::Module& module_of(Toy& toy, const std::string& name) { return *toy.network(name).module; }

TEST(Step, DrawsAreKeyedBySeedPhaseRepeatAndIndex) {
  Toy toy;
  const auto phases = toy.phases();
  const auto draw = [&](uint64_t seed, int64_t index, const Phase& phase, int64_t repeat) {
    Step step(toy, seed, index, at::kCPU);
    step.begin_phase(phase, repeat);
    return step.normal({8});
  };
  const at::Tensor first = draw(1, 5, phases[0], 0);
  EXPECT_TRUE(at::equal(first, draw(1, 5, phases[0], 0)));
  EXPECT_FALSE(at::equal(first, draw(2, 5, phases[0], 0)));
  EXPECT_FALSE(at::equal(first, draw(1, 6, phases[0], 0)));
  EXPECT_FALSE(at::equal(first, draw(1, 5, phases[1], 0)));
  EXPECT_FALSE(at::equal(first, draw(1, 5, phases[0], 1)));
}

TEST(Step, SharedValuesAreMadeOnceForABatchAndLeaveDrawsAlone) {
  Toy toy;
  const auto phases = toy.phases();
  int made = 0;
  Step step(toy, 1, 0, at::kCPU);
  Step plain(toy, 1, 0, at::kCPU);
  const auto make = [&] {
    ++made;
    return step.normal({4});
  };
  step.begin_phase(phases[0], 0);
  plain.begin_phase(phases[0], 0);
  const at::Tensor shared = step.once("fakes", make);
  EXPECT_TRUE(at::equal(shared, step.once("fakes", make)));
  EXPECT_TRUE(at::equal(step.normal({4}), plain.normal({4})));
  step.begin_phase(phases[1], 0);
  EXPECT_TRUE(at::equal(shared, step.once("fakes", make)));
  EXPECT_EQ(made, 1);
  EXPECT_FALSE(at::equal(shared, step.once("others", make)));
  step.begin_phase(phases[0], 1);
  EXPECT_FALSE(at::equal(shared, step.once("fakes", make))) << "a fresh batch has fresh draws";
  EXPECT_EQ(made, 3);
}

TEST(Step, NetworksAreTrainedWithinOnceAndFrozenAgainAfterwards) {
  Toy toy;
  Step step(toy, 1, 0, at::kCPU);
  step.begin_phase(toy.phases()[0], 0);
  module_of(toy, "left").set_frozen(false);
  const nn::ForwardScope scope(nn::Mode::kTrain, &step.random());
  const at::Tensor value = step.once("value", [&] {
    EXPECT_FALSE(module_of(toy, "left").frozen());
    EXPECT_FALSE(module_of(toy, "norm").frozen());
    EXPECT_TRUE(module_of(toy, "fixed").frozen());
    return module_of(toy, "norm").forward(step.normal({16, 1}) + 5);
  });
  EXPECT_TRUE(value.requires_grad());
  EXPECT_FALSE(module_of(toy, "left").frozen());
  EXPECT_TRUE(module_of(toy, "norm").frozen());
  EXPECT_GT(module_of(toy, "norm").state().at("running_mean").item<float>(), 0.1f);
}

TEST(Step, NetworksAreFrozenAgainAfterAFailure) {
  Toy toy;
  Step step(toy, 1, 0, at::kCPU);
  step.begin_phase(toy.phases()[0], 0);
  Step plain(toy, 1, 0, at::kCPU);
  plain.begin_phase(toy.phases()[0], 0);
  EXPECT_THROW(step.once("value", []() -> at::Tensor { throw NumericError({"here", "nan"}); }),
               NumericError);
  EXPECT_TRUE(module_of(toy, "norm").frozen());
  EXPECT_TRUE(at::equal(step.normal({4}), plain.normal({4})));
}

TEST(Phase, TakesItsOwnNameAsPlayer) {
  Toy toy;
  const auto phases = toy.phases();
  EXPECT_EQ(phases[0].optimizer(), "A");
  EXPECT_EQ(phases[1].optimizer(), "A");
}

TEST(Latent, DrawsItsDistribution) {
  Stream random(1, "latent");
  const at::Tensor uniform = Latent{50, Latent::Kind::kUniform, -3, 1}.draw(random, 400);
  EXPECT_GE(uniform.min().item<float>(), -3.0f);
  EXPECT_LT(uniform.max().item<float>(), 1.0f);
  EXPECT_NEAR(uniform.mean().item<float>(), -1.0, 5 * 4 / std::sqrt(12.0 * 20000));
  const at::Tensor normal = Latent{50}.draw(random, 400);
  EXPECT_EQ(normal.sizes(), (at::IntArrayRef{400, 50}));
  EXPECT_NEAR(normal.mean().item<float>(), 0.0, 5 / std::sqrt(20000.0));
  EXPECT_NEAR(normal.var().item<float>(), 1.0, 5 * std::sqrt(2.0 / 20000));
}

TEST(Request, RowsDependOnTheirSeedsAlone) {
  Toy toy;
  const at::Tensor many = Request{.seeds = {5, 1, 9}}.latents(toy.latent());
  EXPECT_TRUE(at::equal(many[2], Request{.seeds = {9}}.latents(toy.latent())[0]));
  EXPECT_FALSE(at::equal(many[0], many[1]));
  const at::Tensor z = at::ones({2, 3});
  EXPECT_TRUE(at::equal(z, Request{.seeds = {1, 2}, .z = z}.latents(toy.latent())));
}

TEST(Gan, InitialWeightsAreKeyedAndAveragesStartEqual) {
  Toy a, b;
  EXPECT_TRUE(at::equal(module_of(a, "left").state().at("weight"),
                        module_of(b, "left").state().at("weight")));
  b.initialize(2);
  EXPECT_FALSE(at::equal(module_of(a, "left").state().at("weight"),
                         module_of(b, "left").state().at("weight")));
  EXPECT_TRUE(at::equal(b.network("left").module->state().at("weight"),
                        b.network("left").average->state().at("weight")));
  EXPECT_FALSE(at::equal(module_of(a, "left").state().at("weight"),
                         module_of(a, "fixed").state().at("weight")));
}

TEST(Gan, LoadingNeedsEveryNetworkButAnAverageMayBeLeftOut) {
  Toy toy;
  auto state = toy.state();
  EXPECT_TRUE(state.contains("left_ema"));
  state["left"]["weight"] = at::full({1, 1}, 3.0);
  state.erase("left_ema");
  toy.load_state(state, "here");
  EXPECT_EQ(toy.network("left").average->state().at("weight").item<float>(), 3.0f);
  state.erase("norm");
  EXPECT_THROW(toy.load_state(state, "here"), ModelError);
}

TEST(Registry, SuggestsTheNearestName) {
  try {
    registry().find("dcgn");
    FAIL() << "an unknown gan was found";
  } catch (const UsageError& error) {
    EXPECT_NE(std::string(error.what()).find("dcgan"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace ganymede::gans
