// Five whole steps of gan_int_cls's three players against an independent PyTorch script
// (tests/golden/words.py).
#include <map>
#include <set>

#include "../golden/words_golden.h"
#include "golden_optimizer.h"

namespace ganymede::golden {
namespace {

constexpr int64_t kSteps = 5;

class WordsGoldenSteps : public ::testing::TestWithParam<std::string> {};

TEST_P(WordsGoldenSteps, EndInTheSameWeights) {
  const json& golden = words_case(GetParam());
  const auto gan = make_words_gan(golden);
  std::map<std::string, train::Optimizer> optimizers;
  for (const gans::Phase& phase : gan->phases()) {
    optimizers.emplace(phase.name, make_optimizer(golden["optimizer"][phase.name], phase));
  }
  size_t record = 0;
  for (int64_t index = 0; index < kSteps; ++index) {
    gans::Step step(*gan, golden["seed"], index, at::kCPU);
    const Batch reals = captioned_batch(golden, index + 1);
    for (const gans::Phase& phase : gan->phases()) {
      step.begin_phase(phase, 0);
      checked_loss(*gan, phase, reals, step, golden["steps"].at(record++), 5e-5).backward();
      train::Optimizer& optimizer = optimizers.at(phase.name);
      optimizer.step(static_cast<double>((index + 1) * reals.size()) / 1000.0);
      optimizer.zero_grad();
    }
  }
  const std::set<std::string> loose = golden["loose"];
  for (const auto& network : gan->networks()) {
    const nn::TensorMap state = network->module->state();
    const json& expected = golden["final"][network->name];
    ASSERT_EQ(state.size(), expected.size());
    for (const auto& [path, tensor] : state) {
      const std::string name = network->name + "/" + path;
      expect_digest(tensor, expected.at(path), loose.contains(name) ? 2e-2 : 2e-4, 0.05, name);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(PyTorch, WordsGoldenSteps, ::testing::ValuesIn(words_names()),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace ganymede::golden
