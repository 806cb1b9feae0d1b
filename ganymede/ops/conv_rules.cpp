#include "ganymede/ops/conv_rules.h"

#include <algorithm>

#include "ganymede/core/levers.h"
#include "ganymede/ops/kernel/ceil_div.h"

namespace ganymede::ops {
namespace {

using winograd::Family;
using winograd::Problem;

constexpr ConvGeometry kTiles3{.kernel = 3, .stride = 1, .padding = 1};
constexpr ConvGeometry kTiles4{.kernel = 4, .stride = 2, .padding = 1};
constexpr ConvGeometry kOnePixel{.kernel = 1, .stride = 1, .padding = 0};

// The work of an operator per pair of channels, in multiplications: products of all tiles, and the
// transform of each weight, which is worth more than one (weight gradients also keep sums).
double work(ConvPart part, const Problem& problem, int64_t tile) {
  const int64_t n = problem.strided() ? tile + 1 : tile + 2;
  const int64_t phases = problem.strided() ? 2 * n : n;
  const int64_t side = problem.family == Family::k4x4Shared ? phases - 1 : phases;
  const double per_weight = part == ConvPart::kWeightGradient ? 5 : 2;
  const int64_t count =
      problem.batch * ceil_div(problem.map_height(), tile) * ceil_div(problem.map_width(), tile);
  return static_cast<double>(side * side) * (static_cast<double>(count) + per_weight);
}

// With so few channels most lanes of a vector are empty, and direct kernels are faster.
bool too_thin(ConvPart part, const Problem& problem) {
  constexpr int64_t kFewest = 3;
  constexpr int64_t kFewestForWeightGradient = 8;  // of the image; filters do not matter as much
  if (std::min(problem.channels, problem.filters) < kFewest) return true;
  return part == ConvPart::kWeightGradient && problem.channels < kFewestForWeightGradient;
}

ConvChoice by_tiles(ConvMode mode, ConvPart part, const Problem& problem) {
  if (mode == ConvMode::kTorch || !winograd::is_fast_here() || !is_on(Lever::kTiles))
    return ConvChoice::kTorch;
  if (too_thin(part, problem)) return ConvChoice::kTorch;
  const int64_t taps = problem.kernel() * problem.kernel();
  const auto direct =
      static_cast<double>(problem.batch * taps * problem.map_height() * problem.map_width());
  const double two = work(part, problem, 2);
  const double four = work(part, problem, 4);
  const bool may_use_four = mode == ConvMode::kAuto && is_on(Lever::kLargeTiles);
  // Shared phases save so much already that larger tiles gain nothing.
  const bool use_four = may_use_four && problem.family != Family::k4x4Shared && four < 0.9 * two;
  if ((use_four ? four : two) > 0.9 * direct) return ConvChoice::kTorch;
  return use_four ? ConvChoice::kTile4 : ConvChoice::kTile2;
}

bool thin_can(const thin::Problem& p) {
  constexpr int64_t kMostChannels = 4, kFewestFilters = 8;
  if (p.channels > kMostChannels || p.filters < kFewestFilters || p.kernel < 3) return false;
  return p.stride >= 1 && p.padding >= 0 && p.padding < p.kernel && p.map_height() >= 1 &&
         p.map_width() >= 1;
}

// Measured on AVX2 and AVX-512: tiles and oneDNN are as good forwards but for large kernels and one
// or two channels, and at the weights of three channels or more; images from maps take tiles twice
// and oneDNN 2 to 12 times as long.
bool thin_is_faster(ConvMode mode, ConvPart part, const thin::Problem& p) {
  constexpr int64_t kLargeKernel = 9;
  constexpr int64_t kLeastProducts = int64_t{1} << 15;
  if (mode == ConvMode::kTorch || !winograd::is_fast_here() || !is_on(Lever::kThin)) return false;
  if (!thin_can(p)) return false;
  if (p.batch * p.filters * p.taps() * p.map_height() * p.map_width() < kLeastProducts)
    return false;
  if (part == ConvPart::kForward) return p.kernel >= kLargeKernel || p.channels < 3;
  return part == ConvPart::kTransposed || p.channels < 3;
}

}  // namespace

std::optional<Problem> tiles_of(const ConvGeometry& geometry, const ConvSizes& sizes) {
  Problem problem{.batch = sizes.batch,
                  .channels = sizes.channels,
                  .filters = sizes.filters,
                  .height = sizes.height,
                  .width = sizes.width};
  if (geometry == kTiles3) return problem;
  if ((geometry != kTiles4 && geometry != kSharedPhases) || std::min(sizes.height, sizes.width) < 2)
    return std::nullopt;
  problem.family = geometry.shared_phases ? Family::k4x4Shared : Family::k4x4;
  return problem;
}

thin::Problem thin_of(const ConvGeometry& geometry, const ConvSizes& sizes) {
  return {.batch = sizes.batch,
          .channels = sizes.channels,
          .filters = sizes.filters,
          .height = sizes.height,
          .width = sizes.width,
          .kernel = geometry.kernel,
          .stride = geometry.stride,
          .padding = geometry.padding};
}

ConvChoice by_rule(const ConvQuestion& question) {
  const auto& [mode, part, geometry, sizes] = question;
  const bool thin = !geometry.shared_phases && thin_is_faster(mode, part, thin_of(geometry, sizes));
  if (thin && part == ConvPart::kTransposed) return ConvChoice::kThin;
  const auto problem = tiles_of(geometry, sizes);
  const ConvChoice choice = problem ? by_tiles(mode, part, *problem) : ConvChoice::kTorch;
  return choice == ConvChoice::kTorch && thin ? ConvChoice::kThin : choice;
}

bool can_compute(ConvChoice choice, const ConvQuestion& question) {
  const auto& [mode, part, geometry, sizes] = question;
  switch (choice) {
    case ConvChoice::kTorch:
      return true;
    case ConvChoice::kTorchNhwc:
      return mode != ConvMode::kTorch && !geometry.shared_phases;
    case ConvChoice::kTile4:
      return mode == ConvMode::kAuto && tiles_of(geometry, sizes).has_value();
    case ConvChoice::kTile2:
      return mode != ConvMode::kTorch && tiles_of(geometry, sizes).has_value();
    case ConvChoice::kThin:
      return mode != ConvMode::kTorch && !geometry.shared_phases &&
             thin_can(thin_of(geometry, sizes));
    case ConvChoice::kProduct:
      return mode != ConvMode::kTorch && geometry == kOnePixel;
  }
  return false;
}

std::vector<ConvChoice> candidates(const ConvQuestion& question) {
  std::vector<ConvChoice> found = {by_rule(question)};
  if (question.geometry.shared_phases) return found;
  std::vector<ConvChoice> others;
  if (winograd::is_fast_here() && is_on(Lever::kTiles)) {
    if (is_on(Lever::kLargeTiles)) others.push_back(ConvChoice::kTile4);
    others.push_back(ConvChoice::kTile2);
  }
  if (winograd::is_fast_here() && is_on(Lever::kThin)) others.push_back(ConvChoice::kThin);
  if (winograd::is_fast_here() && is_on(Lever::kProducts)) others.push_back(ConvChoice::kProduct);
  others.push_back(ConvChoice::kTorch);
  if (is_on(Lever::kLayouts)) others.push_back(ConvChoice::kTorchNhwc);
  for (const ConvChoice choice : others) {
    if (choice != found.front() && can_compute(choice, question)) found.push_back(choice);
  }
  return found;
}

double direct_flop(const ConvGeometry& geometry, const ConvSizes& sizes) {
  const thin::Problem p = thin_of(geometry, sizes);
  return 2.0 * static_cast<double>(p.batch * p.filters * p.taps() * p.map_height() * p.map_width());
}

}  // namespace ganymede::ops
