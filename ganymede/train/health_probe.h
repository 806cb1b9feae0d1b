// A look at the game from outside, once in a while: what D thinks of reals, of held-out reals and
// of fakes, and how widely the fakes are spread.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <vector>

#include "ganymede/data/dataset.h"
#include "ganymede/gans/gan.h"
#include "ganymede/train/health.h"

namespace ganymede::train {

// Always the same reals, held-out reals and seeds, kProbeSamples of each, so that what changes is
// the networks. Evaluation mode without gradients and without a draw of the run: no state of the
// gan or the trainer changes.
class HealthProbe {
 public:
  static constexpr int64_t kProbeSamples = 64;

  // `holdout` may be null. Reads its samples here. At most kProbeSamples of either set.
  HealthProbe(gans::Gan& gan, const data::Dataset& dataset, const data::Dataset* holdout,
              uint64_t seed, const at::Device& device);

  // All signals but those that come from the statistics of training.
  HealthSignals look();

  // What motion and travel are measured from: a few numbers, for the checkpoint.
  nlohmann::json state() const;
  void restore(const nlohmann::json& state);

 private:
  struct Reals {
    Batch batch;  // on the device
    at::Tensor scores(gans::Gan& gan) const;
  };
  void judge_scores(const at::Tensor& fakes, HealthSignals& signals);
  void judge_spread(const at::Tensor& fakes, HealthSignals& signals);
  void judge_motion(const at::Tensor& fakes, HealthSignals& signals);
  void judge_learning(HealthSignals& signals);
  std::vector<double> some_weights(bool discriminator) const;

  gans::Gan& gan_;
  at::Device device_;
  gans::Request request_;
  Reals reals_;
  Reals holdout_;             // undefined samples: none
  at::Tensor real_rows_;      // float32 [n, elements] on the CPU
  at::Tensor between_reals_;  // float32 [n, n]
  double real_distance_ = 0;  // mean between two reals
  at::Tensor signs_;          // +-1 [kProbeSamples, elements]: one random projection per fake
  std::vector<double> first_, last_;           // projected fakes, empty before the first look
  std::vector<double> weights_d_, weights_g_;  // likewise
};

}  // namespace ganymede::train
