// Samples with gaps, completed by a trained model.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "ganymede/infer/model.h"

namespace ganymede::infer {

// rows: float32 [N, ...spec.shape], NaN where something is missing. Row i is completed with the
// latents of seed + i; what is there stays. A pure function of weights, row and seed. Throws
// UsageError when the model's gan does not complete samples.
at::Tensor impute(const Model& model, const at::Tensor& rows, uint64_t seed);

}  // namespace ganymede::infer
