#include "ganymede/train/balance.h"

#include <algorithm>
#include <cmath>

namespace ganymede::train {

int64_t Balance::repeats(bool discriminator) const {
  if (!config_.enabled || accuracy_ < 0) return 1;
  const double excess = discriminator
                            ? (config_.low - accuracy_) / std::max(config_.low, 1e-9)
                            : (accuracy_ - config_.high) / std::max(1.0 - config_.high, 1e-9);
  const double extra =
      std::ceil(std::clamp(excess, 0.0, 1.0) * static_cast<double>(config_.max_repeats - 1));
  return 1 + static_cast<int64_t>(extra);
}

void Balance::observe(double accuracy, int64_t images) {
  if (!config_.enabled) return;
  const double keep = std::exp2(-static_cast<double>(images) / (config_.smoothing_kimg * 1000.0));
  accuracy_ = accuracy_ < 0 ? accuracy : keep * accuracy_ + (1.0 - keep) * accuracy;
}

}  // namespace ganymede::train
