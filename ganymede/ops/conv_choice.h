// Which implementation computes a convolution.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

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
// LibTorch, tiles of winograd/, matrix products of thin/, LibTorch with the channels of a pixel
// side by side in memory, products of matrix/ for kernels of one pixel.
enum class ConvChoice : uint8_t { kTorch, kTile2, kTile4, kThin, kTorchNhwc, kProduct };

// How image and map of a convolution belong together: map = (image + 2 padding - kernel) / stride +
// 1 on both sides, rounded down.
struct ConvGeometry {
  int64_t kernel = 3;
  int64_t stride = 1;
  int64_t padding = 1;
  bool shared_phases = false;  // winograd's k4x4Shared
  auto operator<=>(const ConvGeometry&) const = default;
};
inline constexpr ConvGeometry kSharedPhases{
    .kernel = 4, .stride = 2, .padding = 1, .shared_phases = true};

// Sizes of the image [batch, channels, height, width] and the channels of the map.
struct ConvSizes {
  int64_t batch = 1;
  int64_t channels = 1;
  int64_t filters = 1;
  int64_t height = 1;
  int64_t width = 1;
  auto operator<=>(const ConvSizes&) const = default;
};

// Part, shape and mode: all that a choice is made by.
struct ConvQuestion {
  ConvMode mode = ConvMode::kAuto;
  ConvPart part = ConvPart::kForward;
  ConvGeometry geometry;
  ConvSizes sizes;
  auto operator<=>(const ConvQuestion&) const = default;
};

// What computes `part` in the present mode. The first question for a shape is answered by the
// process's judge, and the answer is kept, so that it stays the same.
ConvChoice choose_conv(ConvPart part, const ConvGeometry& geometry, const ConvSizes& sizes);

// Nothing: by_rule() of conv_rules.h, which is the default. A judge may compute convolutions; it is
// asked by one thread at a time.
using ConvJudge = std::function<ConvChoice(const ConvQuestion&)>;
void set_conv_judge(ConvJudge judge);

// +1 where this thread begins, -1 where it ends a part that has to choose by rules and keeps
// nothing: what a seed is made into must not hang on what was measured. Parts may nest.
void begin_or_end_conv_rules(int change);
bool within_conv_rules();

// "auto forward 3x3 64 128 128 32 32": mode, part, geometry, batch, channels, filters, height,
// width; and the name of a choice: "torch", "tile2", "tile4", "thin", "torch_nhwc".
std::string text_of(const ConvQuestion& question);
const char* name_of(ConvChoice choice);
std::optional<ConvChoice> choice_named(std::string_view name);

// The kept answers as text, one line each, and taking them over: a run that is resumed uses the
// answers that it was started with, because another choice changes the last bits. Throws UsageError
// for a line that is not understood; then nothing is taken over.
std::string conv_choices();
void load_conv_choices(std::string_view text);

}  // namespace ganymede::ops
