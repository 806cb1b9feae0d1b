#include "ganymede/ops/conv_choice.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <map>
#include <mutex>
#include <shared_mutex>
#include <sstream>
#include <tuple>
#include <vector>

#include "ganymede/core/error.h"
#include "ganymede/ops/kernel/ceil_div.h"

namespace ganymede::ops {
namespace {

using winograd::Family;
using winograd::Problem;

constexpr std::array kModes = {"auto", "strict", "torch"};
constexpr std::array kParts = {"forward", "transposed", "weight_gradient"};
constexpr std::array kChoices = {"torch", "tile2", "tile4", "thin"};

struct Key {
  ConvMode mode;
  ConvPart part;
  ConvGeometry geometry;
  ConvSizes sizes;
  auto operator<=>(const Key&) const = default;
};

std::atomic<ConvMode> process_mode = ConvMode::kAuto;

struct Table {
  std::shared_mutex mutex;
  std::map<Key, ConvChoice> choices;
};

Table& table() {
  static Table instance;
  return instance;
}

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

// Fixed rules, found by measuring on AVX2 and AVX-512.
ConvChoice by_tiles(ConvMode mode, ConvPart part, const Problem& problem) {
  if (mode == ConvMode::kTorch || !winograd::is_fast_here()) return ConvChoice::kTorch;
  if (too_thin(part, problem)) return ConvChoice::kTorch;
  const int64_t taps = problem.kernel() * problem.kernel();
  const auto direct =
      static_cast<double>(problem.batch * taps * problem.map_height() * problem.map_width());
  const double two = work(part, problem, 2);
  const double four = work(part, problem, 4);
  // Shared phases save so much already that larger tiles gain nothing.
  const bool use_four =
      mode == ConvMode::kAuto && problem.family != Family::k4x4Shared && four < 0.9 * two;
  if ((use_four ? four : two) > 0.9 * direct) return ConvChoice::kTorch;
  return use_four ? ConvChoice::kTile4 : ConvChoice::kTile2;
}

// Found by measuring on AVX2: oneDNN is as good forwards but for large kernels, and at the weights
// of three channels or more; images from maps take it 2 to 12 times as long.
bool thin_is_faster(ConvMode mode, ConvPart part, const thin::Problem& p) {
  constexpr int64_t kMostChannels = 4, kFewestFilters = 8, kLargeKernel = 9;
  constexpr int64_t kLeastProducts = int64_t{1} << 15;
  if (mode == ConvMode::kTorch || !winograd::is_fast_here()) return false;
  if (p.channels > kMostChannels || p.filters < kFewestFilters || p.kernel < 3) return false;
  if (p.stride < 1 || p.padding < 0 || p.padding >= p.kernel || p.map_height() < 1 ||
      p.map_width() < 1)
    return false;
  if (p.batch * p.filters * p.taps() * p.map_height() * p.map_width() < kLeastProducts)
    return false;
  if (part == ConvPart::kForward) return p.kernel >= kLargeKernel;
  return part == ConvPart::kTransposed || p.channels < 3;
}

ConvChoice by_rule(ConvMode mode, ConvPart part, const ConvGeometry& geometry,
                   const ConvSizes& sizes) {
  if (const auto problem = tiles_of(geometry, sizes)) {
    const ConvChoice choice = by_tiles(mode, part, *problem);
    if (choice != ConvChoice::kTorch || geometry.shared_phases) return choice;
  }
  return thin_is_faster(mode, part, thin_of(geometry, sizes)) ? ConvChoice::kThin
                                                              : ConvChoice::kTorch;
}

// The two geometries of the tiles have short names; the others are such as "9x9s1p4".
constexpr ConvGeometry kTiles3{.kernel = 3, .stride = 1, .padding = 1};
constexpr ConvGeometry kTiles4{.kernel = 4, .stride = 2, .padding = 1};
const std::array<std::pair<std::string, ConvGeometry>, 3> kShort = {
    {{"3x3", kTiles3}, {"4x4", kTiles4}, {"4x4_shared", kSharedPhases}}};

std::string text_of(const ConvGeometry& g) {
  for (const auto& [name, geometry] : kShort) {
    if (geometry == g) return name;
  }
  const std::string kernel = std::to_string(g.kernel);
  return kernel + "x" + kernel + "s" + std::to_string(g.stride) + "p" + std::to_string(g.padding);
}

std::optional<ConvGeometry> geometry_of(const std::string& text) {
  for (const auto& [name, geometry] : kShort) {
    if (name == text) return geometry;
  }
  ConvGeometry g;
  std::istringstream numbers(text);
  char times = 0, stride = 0, padding = 0, rest = 0;
  int64_t again = 0;
  numbers >> g.kernel >> times >> again >> stride >> g.stride >> padding >> g.padding;
  const bool right = numbers && !(numbers >> rest) && times == 'x' && stride == 's' &&
                     padding == 'p' && again == g.kernel;
  return right ? std::optional(g) : std::nullopt;
}

template <typename Names>
int64_t index_of(const Names& names, const std::string& name) {
  const auto found = std::ranges::find(names, name);
  return found == names.end() ? -1 : found - names.begin();
}

// Reads "auto forward 3x3 64 128 128 32 32 tile4".
bool read_line(const std::string& line, Key& key, ConvChoice& choice) {
  std::istringstream words(line);
  std::string mode;
  std::string part;
  std::string geometry;
  std::string answer;
  std::string rest;
  words >> mode >> part >> geometry;
  ConvSizes& s = key.sizes;
  words >> s.batch >> s.channels >> s.filters >> s.height >> s.width;
  words >> answer;
  if (!words || words >> rest) return false;
  const auto known = geometry_of(geometry);
  const std::array<int64_t, 3> found = {index_of(kModes, mode), index_of(kParts, part),
                                        index_of(kChoices, answer)};
  if (!known || std::ranges::min(found) < 0) return false;
  key.mode = static_cast<ConvMode>(found[0]);
  key.part = static_cast<ConvPart>(found[1]);
  key.geometry = *known;
  choice = static_cast<ConvChoice>(found[2]);
  return std::min({s.batch, s.channels, s.filters, s.height, s.width}) > 0;
}

template <typename Names, typename Enum>
std::string name_of(const Names& names, Enum value) {
  return names.at(static_cast<size_t>(value));
}

}  // namespace

std::vector<std::pair<const char*, ConvMode>> enum_names(ConvMode) {
  std::vector<std::pair<const char*, ConvMode>> names;
  for (size_t i = 0; i < kModes.size(); ++i)
    names.emplace_back(kModes.at(i), static_cast<ConvMode>(i));
  return names;
}

void set_conv_mode(ConvMode mode) { process_mode = mode; }
ConvMode conv_mode() { return process_mode; }

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

ConvChoice choose_conv(ConvPart part, const ConvGeometry& geometry, const ConvSizes& sizes) {
  const Key key{conv_mode(), part, geometry, sizes};
  {
    const std::shared_lock lock(table().mutex);
    const auto found = table().choices.find(key);
    if (found != table().choices.end()) return found->second;
  }
  const ConvChoice choice = by_rule(key.mode, part, geometry, sizes);
  const std::unique_lock lock(table().mutex);
  return table().choices.emplace(key, choice).first->second;
}

std::string conv_choices() {
  std::ostringstream text;
  const std::shared_lock lock(table().mutex);
  for (const auto& [key, choice] : table().choices) {
    const ConvSizes& s = key.sizes;
    text << name_of(kModes, key.mode) << ' ' << name_of(kParts, key.part) << ' '
         << text_of(key.geometry) << ' ' << s.batch << ' ' << s.channels << ' ' << s.filters << ' '
         << s.height << ' ' << s.width;
    text << ' ' << name_of(kChoices, choice) << '\n';
  }
  return text.str();
}

void load_conv_choices(std::string_view text) {
  std::map<Key, ConvChoice> read;
  std::istringstream lines{std::string(text)};
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    Key key{};
    ConvChoice choice{};
    if (line.empty()) continue;
    if (!read_line(line, key, choice)) {
      throw UsageError({.where = "convolution choices, line " + std::to_string(number),
                        .found = "\"" + line.substr(0, 80) + "\"",
                        .allowed = "lines such as \"auto forward 3x3 64 128 128 32 32 tile4\""});
    }
    read[key] = choice;
  }
  const std::unique_lock lock(table().mutex);
  for (const auto& [key, choice] : read) table().choices[key] = choice;
}

}  // namespace ganymede::ops
