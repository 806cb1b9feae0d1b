// Augmentation of everything that D sees in training, with a strength that may follow the game.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "ganymede/gans/gan.h"
#include "ganymede/train/augment_config.h"

namespace ganymede::train {

class Augmentation {
 public:
  // Installs itself as Network::augment on the networks that phases of D update (until it is
  // destroyed). Pictures [N, C, height, width] of any size and flat ones [N, C height width] are
  // augmented, also with one more channel or column for each class behind them, which stay. Throws
  // UsageError where the samples are no images, the gan has no D, or the policy is not one of the
  // kind.
  Augmentation(const AugmentConfig& config, gans::Gan& gan);
  ~Augmentation();
  Augmentation(const Augmentation&) = delete;
  Augmentation& operator=(const Augmentation&) = delete;

  bool enabled() const { return config_.kind != AugmentKind::kNone; }

  // The draws from here on belong to this part of a step: a key of their own, so that all other
  // draws of a run are the same with and without augmentation.
  void begin(uint64_t seed, const std::string& part, int64_t index);

  // Whether the sign is looked at after step number `step`.
  bool due(int64_t step) const;
  // Mean sign of D's output for augmented reals (r_t of Karras et al. 2020, eq. 1), in evaluation
  // of the very path that training takes; nothing changes. Throws UsageError for gans without a D
  // that judges. Call begin() first.
  double real_sign(const std::vector<Batch>& reals, Stream& random) const;
  // p moves by images / kimg against the sign's distance from the target.
  void follow(double sign, int64_t images);

  double strength() const { return strength_; }
  // Throws UsageError when no network of D has been given an image since construction.
  void check_applied() const;

  nlohmann::json state() const;
  void restore(const nlohmann::json& state);  // null: a checkpoint without augmentation

 private:
  at::Tensor apply(const at::Tensor& samples);

  AugmentConfig config_;
  gans::Gan& gan_;
  std::vector<gans::Network*> networks_;
  std::optional<Stream> random_;
  std::function<at::Tensor(const at::Tensor&)> operation_;
  double strength_ = 1;
  bool applied_ = false;
};

}  // namespace ganymede::train
