// Which implementation computes a convolution.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ganymede/ops/winograd/engine.h"

namespace ganymede::ops {

enum class ConvMode : uint8_t {
  kAuto,    // F(4, r) where it is faster: errors of some 1e-6 of the largest value
  kStrict,  // F(2, r): as accurate as a direct convolution
  kTorch,   // LibTorch only
};
std::vector<std::pair<const char*, ConvMode>> enum_names(ConvMode);

// The mode of the process; the default is kAuto. Change it between steps, not during one.
void set_conv_mode(ConvMode mode);
ConvMode conv_mode();

enum class ConvPart : uint8_t { kForward, kTransposed, kWeightGradient };
enum class ConvChoice : uint8_t { kTorch, kTile2, kTile4 };

// What computes `part` of `problem` (its tile is ignored) in the present mode. The first question
// for a shape is answered by fixed rules, and the answer is kept, so that it stays the same.
ConvChoice choose_conv(ConvPart part, const winograd::Problem& problem);

// The kept answers as text, one line each, and taking them over: a run that is resumed uses the
// answers that it was started with, because another choice changes the last bits. Throws UsageError
// for a line that is not understood; then nothing is taken over.
std::string conv_choices();
void load_conv_choices(std::string_view text);

}  // namespace ganymede::ops
