// How many of the thousand modes of stacked digits a generator reaches: Metz et al. 2017 (arXiv
// 1611.02163), Srivastava et al. 2017 (VEEGAN, arXiv 1705.07761), Lin et al. 2018 (PacGAN, arXiv
// 1712.04086).
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "ganymede/metrics/feature_net.h"

namespace ganymede::metrics {

struct StackedModes {
  int64_t modes = 0;    // of 1000: classes with at least one sample
  int64_t samples = 0;  // the papers take 25,600 or 26,000; fewer find fewer modes
  double kl = 0;        // KL(histogram | uniform) in nats, 0 .. log 1000
};

// images: uint8 [N, 3, 28, 28]. `digit_classifier` names the digit of each channel, given as
// float32 [n, 1, 28, 28] in [-1, 1]; its 10 classes are the digits in order. Of N uniform samples,
// 1000 exp(-N / 1000) modes are missing by chance, and kl is near 999 / (2 N). Throws UsageError
// for other pictures or a net without ten classes.
StackedModes stacked_modes(const at::Tensor& images, const FeatureNet& digit_classifier);

}  // namespace ganymede::metrics
