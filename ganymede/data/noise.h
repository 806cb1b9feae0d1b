// Reals for timing: uniform noise of a given shape, held in memory.
#pragma once

#include <memory>

#include "ganymede/data/dataset.h"

namespace ganymede::data {

// `count` samples of spec.shape, uniform in [-1, 1), a pure function of `seed`; without labels.
std::shared_ptr<Dataset> noise_dataset(const SampleSpec& spec, int64_t count, uint64_t seed);

}  // namespace ganymede::data
