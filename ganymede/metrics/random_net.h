// Features of convolutions that were never trained.
#pragma once

#include <cstdint>
#include <memory>

#include "ganymede/metrics/feature_net.h"

namespace ganymede::metrics {

// "random-conv": three convolutions 3x3 of stride 2 with 32, 64 and 128 channels and leaky ReLU
// (0.2), then the mean of each of the 128 maps. Weights are He-uniform, keyed by `seed`, the same
// on every machine; biases are 0. For regression tests and sanity checks: it sees low-level
// statistics, not meaning. Images of `spec` only; UsageError for other domains.
std::unique_ptr<FeatureNet> random_net(const SampleSpec& spec, uint64_t seed);

}  // namespace ganymede::metrics
