// Five whole steps of SeqGAN with each player's own optimizer against an independent PyTorch script
// (tests/golden/language.py).
#include <map>

#include "../golden/language_golden.h"
#include "golden_optimizer.h"

namespace ganymede::golden {
namespace {

constexpr int64_t kSteps = 5;

class LanguageGoldenSteps : public ::testing::TestWithParam<std::string> {};

TEST_P(LanguageGoldenSteps, EndInTheSameWeights) {
  const json& golden = language_case(GetParam());
  const auto gan = make_language_gan(golden);
  std::map<std::string, train::Optimizer> optimizers;
  for (const gans::Phase& phase : gan->phases()) {
    optimizers.try_emplace(phase.optimizer(),
                           make_optimizer(golden["optimizer"][phase.optimizer()], phase));
  }
  size_t record = 0;
  for (int64_t index = 0; index < kSteps; ++index) {
    gans::Step step(*gan, golden["seed"], index, at::kCPU);
    const Batch reals = text_batch(golden, index + 1);
    for (const gans::Phase& phase : gan->phases()) {
      step.begin_phase(phase, 0);
      checked_loss(*gan, phase, reals, step, golden["steps"].at(record++), 5e-5).backward();
      train::Optimizer& optimizer = optimizers.at(phase.optimizer());
      optimizer.step(static_cast<double>((index + 1) * reals.size()) / 1000.0);
      optimizer.zero_grad();
    }
  }
  for (const auto& network : gan->networks()) {
    for (const auto& [path, tensor] : network->module->state()) {
      expect_digest(tensor, golden["final"][network->name].at(path), 5e-5, 0.05,
                    network->name + "/" + path);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(PyTorch, LanguageGoldenSteps, ::testing::ValuesIn(language_names()),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace ganymede::golden
