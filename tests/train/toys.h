// What the proofs of the trainer play with: a data set in memory, a gan whose loss is a function
// that a test supplies, and short runs.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "../core/fixture.h"
#include "ganymede/core/progress.h"
#include "ganymede/train/run.h"
#include "ganymede/train/trainer.h"

namespace ganymede::train {

// Sample i is (i/64, i/64, ...), so that a batch tells which samples it holds.
class CountingData final : public data::Dataset {
 public:
  explicit CountingData(int64_t size, int64_t dimensions = 2)
      : spec_{.domain = "points", .shape = {dimensions}, .classes = 0}, size_(size) {}

  const SampleSpec& spec() const override { return spec_; }
  int64_t size() const override { return size_; }
  void read(int64_t index, float* out) const override;
  int64_t label(int64_t) const override { return -1; }
  std::string kind() const override { return "counting"; }
  std::string fingerprint() const override { return "0123456789abcdef"; }

 private:
  SampleSpec spec_;
  int64_t size_;
};
std::vector<int64_t> counted(const at::Tensor& samples);

struct ToyConfig {
  static void describe(config::Schema<ToyConfig>&) {}
};

// G and D are small networks without normalisation, so that a batch may be split. The usual game
// plays G(reals) against reals: no draws, hence nothing that depends on the size of a micro-batch.
class ToyGan final : public gans::Gan {
 public:
  using Loss = std::function<gans::Terms(ToyGan&, const gans::Phase&, const Batch&, gans::Step&)>;

  explicit ToyGan(const SampleSpec& spec, Loss loss = {});
  ToyGan(const ToyConfig& config, const SampleSpec& spec);  // plays toy_loss()

  std::vector<gans::Phase> phases() const override { return phases_; }
  gans::Terms loss(const gans::Phase& phase, const Batch& reals, gans::Step& step) override;
  gans::Latent latent() const override { return {.dim = spec().elements()}; }
  at::Tensor generate(const gans::Request& request) override;

  gans::Terms usual_loss(const gans::Phase& phase, const Batch& reals);
  void set_phases(std::vector<gans::Phase> phases) { phases_ = std::move(phases); }

  gans::NetworkRef generator;
  gans::NetworkRef discriminator;

 private:
  Loss loss_;
  std::vector<gans::Phase> phases_;
};

// The gan "toy" plays this loss (the usual one when empty). Registers it at the first call, so that
// suites over the registry, which are made before main(), do not meet it.
ToyGan::Loss& toy_loss();

// Sets toy_loss() for the life of the object.
class ScopedToyLoss {
 public:
  explicit ScopedToyLoss(ToyGan::Loss loss) { toy_loss() = std::move(loss); }
  ~ScopedToyLoss() { toy_loss() = {}; }
};

using State = std::map<std::string, nn::TensorMap>;
State copy_of(const Trainer& trainer);
// "file/tensor" of everything that differs in any bit.
std::vector<std::string> differences(const State& a, const State& b);

// A recipe from assignments such as "gan.name=toy".
config::Recipe recipe_of(const std::vector<std::string>& assignments);

// "toy" on ring8: 500 samples a step, one checkpoint for each of `kimg` kimg.
config::Recipe toy_recipe(double kimg, const std::vector<std::string>& more = {});

// Trains the recipe in `folder` (made when missing).
RunResult run_in(const fs::path& folder, config::Recipe recipe);

// The tensors of a checkpoint or model folder.
State read_state(const fs::path& folder);

// Inverts one bit in the middle of a file.
void flip_bit(const fs::path& path);

}  // namespace ganymede::train
