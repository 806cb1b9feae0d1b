// Noise as layers want it, each in one pass.
#pragma once

#include <ATen/core/Tensor.h>

namespace ganymede::ops {

// -log(-log u) in the place of u in [0, 1), float: standard Gumbel draws.
at::Tensor as_gumbel(at::Tensor uniform);

// What leaky ReLU and then dropout multiply each element of `input` by: kept / keep where the input
// is positive, slope * kept / keep elsewhere. kept: float of 0 and 1 in input's shape, written to.
// Not differentiated.
at::Tensor leaky_dropout_factors(const at::Tensor& input, at::Tensor kept, double slope,
                                 double keep);

}  // namespace ganymede::ops
