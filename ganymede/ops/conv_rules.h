// What can compute a convolution, and what does by rules that know no timing.
#pragma once

#include <optional>
#include <vector>

#include "ganymede/ops/conv_choice.h"
#include "ganymede/ops/thin/convolution.h"
#include "ganymede/ops/winograd/engine.h"

namespace ganymede::ops {

// The problem in the words of either engine; nothing where tiles know no such geometry.
std::optional<winograd::Problem> tiles_of(const ConvGeometry& geometry, const ConvSizes& sizes);
thin::Problem thin_of(const ConvGeometry& geometry, const ConvSizes& sizes);

// The choice by shape alone, found by measuring on AVX2 and AVX-512.
ConvChoice by_rule(const ConvQuestion& question);

// Whether `choice` computes it rightly and as accurately as the mode promises, on any machine.
bool can_compute(ConvChoice choice, const ConvQuestion& question);

// All that can and that may be the fastest here, by_rule() first. One for LibTorch's mode and for
// shared phases.
std::vector<ConvChoice> candidates(const ConvQuestion& question);

// Multiplications and additions of the direct convolution.
double direct_flop(const ConvGeometry& geometry, const ConvSizes& sizes);

}  // namespace ganymede::ops
