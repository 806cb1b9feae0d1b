// More updates for the losing player, within limits, judged by D's accuracy.
#pragma once

#include "ganymede/train/run_config.h"

namespace ganymede::train {

class Balance {
 public:
  explicit Balance(const BalanceConfig& config) : config_(config) {}

  bool enabled() const { return config_.enabled; }
  // Times that phases of D ("D...") and of all others run in the next step, at least 1.
  int64_t repeats(bool discriminator) const;
  // D's accuracy in [0, 1] over a batch of `images` samples.
  void observe(double accuracy, int64_t images);

  double accuracy() const { return accuracy_; }
  void restore(double accuracy) { accuracy_ = accuracy; }

 private:
  BalanceConfig config_;
  double accuracy_ = -1;  // before the first observation
};

}  // namespace ganymede::train
