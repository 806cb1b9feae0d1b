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

namespace ganymede::ops {
namespace {

using winograd::Family;
using winograd::Problem;

constexpr std::array kModes = {"auto", "strict", "torch"};
constexpr std::array kParts = {"forward", "transposed", "weight_gradient"};
constexpr std::array kFamilies = {"3x3", "4x4", "4x4_shared"};
constexpr std::array kChoices = {"torch", "tile2", "tile4"};

struct Key {
  ConvMode mode;
  ConvPart part;
  Family family;
  std::array<int64_t, 5> sizes;  // batch, channels, filters, height, width
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

int64_t tiles(int64_t size, int64_t tile) { return (size + tile - 1) / tile; }

// The work of an operator per pair of channels, in multiplications: products of all tiles, and the
// transform of each weight, which is worth more than one (weight gradients also keep sums).
double work(ConvPart part, const Problem& problem, int64_t tile) {
  const int64_t n = problem.strided() ? tile + 1 : tile + 2;
  const int64_t phases = problem.strided() ? 2 * n : n;
  const int64_t side = problem.family == Family::k4x4Shared ? phases - 1 : phases;
  const double per_weight = part == ConvPart::kWeightGradient ? 5 : 2;
  const int64_t count =
      problem.batch * tiles(problem.map_height(), tile) * tiles(problem.map_width(), tile);
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
ConvChoice by_rule(ConvMode mode, ConvPart part, const Problem& problem) {
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
  std::string family;
  std::string answer;
  std::string rest;
  words >> mode >> part >> family;
  for (int64_t& size : key.sizes) words >> size;
  words >> answer;
  if (!words || words >> rest) return false;
  const std::array<int64_t, 4> found = {index_of(kModes, mode), index_of(kParts, part),
                                        index_of(kFamilies, family), index_of(kChoices, answer)};
  if (std::ranges::min(found) < 0) return false;
  key.mode = static_cast<ConvMode>(found[0]);
  key.part = static_cast<ConvPart>(found[1]);
  key.family = static_cast<Family>(found[2]);
  choice = static_cast<ConvChoice>(found[3]);
  return std::ranges::min(key.sizes) > 0;
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

ConvChoice choose_conv(ConvPart part, const Problem& problem) {
  const Key key{conv_mode(),
                part,
                problem.family,
                {problem.batch, problem.channels, problem.filters, problem.height, problem.width}};
  {
    const std::shared_lock lock(table().mutex);
    const auto found = table().choices.find(key);
    if (found != table().choices.end()) return found->second;
  }
  const ConvChoice choice = by_rule(key.mode, part, problem);
  const std::unique_lock lock(table().mutex);
  return table().choices.emplace(key, choice).first->second;
}

std::string conv_choices() {
  std::ostringstream text;
  const std::shared_lock lock(table().mutex);
  for (const auto& [key, choice] : table().choices) {
    text << name_of(kModes, key.mode) << ' ' << name_of(kParts, key.part) << ' '
         << name_of(kFamilies, key.family);
    for (const int64_t size : key.sizes) text << ' ' << size;
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
