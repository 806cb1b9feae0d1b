// Five whole steps with the recipe's optimizer against an independent PyTorch script
// (tests/golden/gans.py): the order of the game, the draws, optimizers, clipping, running means.
#include <set>

#include "../golden/gans_golden.h"
#include "golden_optimizer.h"

namespace ganymede::golden {
namespace {

constexpr int64_t kSteps = 5;

class GoldenSteps : public ::testing::TestWithParam<std::string> {};

std::map<std::string, train::Optimizer> make_optimizers(const gans::Gan& gan, const json& golden) {
  std::map<std::string, train::Optimizer> optimizers;
  for (const gans::Phase& phase : gan.phases()) {
    optimizers.emplace(phase.optimizer(), make_optimizer(golden["optimizer"], phase));
  }
  return optimizers;
}

void update(const gans::Phase& phase, train::Optimizer& optimizer, double kimg) {
  optimizer.step(kimg);
  optimizer.zero_grad();
  const at::NoGradGuard no_grad;
  for (const auto& [name, parameter] : optimizer.parameters()) {
    if (phase.weight_clip > 0) parameter.detach().clamp_(-phase.weight_clip, phase.weight_clip);
  }
}

TEST_P(GoldenSteps, EndInTheSameWeights) {
  const json& golden = gan_case(GetParam());
  const auto gan = make_gan(golden);
  auto optimizers = make_optimizers(*gan, golden);
  const int64_t batch = golden["batch"];
  int64_t batches = 0;
  size_t record = 0;
  for (int64_t index = 0; index < kSteps; ++index) {
    gans::Step step(*gan, golden["seed"], index, at::kCPU);
    ++batches;
    for (const gans::Phase& phase : gan->phases()) {
      if (index % phase.interval != 0) continue;
      for (int64_t repeat = 0; repeat < phase.repeats; ++repeat) {
        if (repeat > 0) ++batches;
        step.begin_phase(phase, repeat);
        checked_loss(*gan, phase, real_batch(golden, batches), step, golden["steps"][record++],
                     5e-5)
            .backward();
        update(phase, optimizers.at(phase.optimizer()),
               static_cast<double>(batches * batch) / 1000.0);
      }
    }
  }
  ASSERT_EQ(record, golden["steps"].size());
  const std::set<std::string> loose = golden["loose"];
  for (const auto& network : gan->networks()) {
    const nn::TensorMap state = network->module->state();
    const json& expected = golden["final"][network->name];
    ASSERT_EQ(state.size(), expected.size());
    for (const auto& [path, tensor] : state) {
      const std::string name = network->name + "/" + path;
      expect_digest(tensor, expected.at(path), loose.contains(name) ? 1e-2 : 5e-5, 0.05, name);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(PyTorch, GoldenSteps, ::testing::ValuesIn(case_names()),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace ganymede::golden
