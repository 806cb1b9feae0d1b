#include "ganymede/ops/conv_choice.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <map>
#include <mutex>
#include <shared_mutex>
#include <sstream>

#include "ganymede/core/error.h"
#include "ganymede/ops/conv_rules.h"

namespace ganymede::ops {
namespace {

constexpr std::array kModes = {"auto", "strict", "torch"};
constexpr std::array kParts = {"forward", "transposed", "weight_gradient"};
constexpr std::array kChoices = {"torch", "tile2", "tile4", "thin", "torch_nhwc", "product"};

std::atomic<ConvMode> process_mode = ConvMode::kAuto;

thread_local int parts_by_rules = 0;

struct Table {
  std::shared_mutex mutex;
  std::map<ConvQuestion, ConvChoice> choices;
  std::mutex judging;
  ConvJudge judge;
};

Table& table() {
  static Table instance;
  return instance;
}

// The two geometries of the tiles have short names; the others are such as "9x9s1p4".
const std::array<std::pair<std::string, ConvGeometry>, 3> kShort = {
    {{"3x3", {.kernel = 3, .stride = 1, .padding = 1}},
     {"4x4", {.kernel = 4, .stride = 2, .padding = 1}},
     {"4x4_shared", kSharedPhases}}};

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
int64_t index_of(const Names& names, std::string_view name) {
  const auto found = std::ranges::find(names, name);
  return found == names.end() ? -1 : found - names.begin();
}

// Reads "auto forward 3x3 64 128 128 32 32 tile4".
bool read_line(const std::string& line, ConvQuestion& question, ConvChoice& choice) {
  std::istringstream words(line);
  std::string mode;
  std::string part;
  std::string geometry;
  std::string answer;
  std::string rest;
  words >> mode >> part >> geometry;
  ConvSizes& s = question.sizes;
  words >> s.batch >> s.channels >> s.filters >> s.height >> s.width;
  words >> answer;
  if (!words || words >> rest) return false;
  const auto known = geometry_of(geometry);
  const auto named = choice_named(answer);
  const std::array<int64_t, 2> found = {index_of(kModes, mode), index_of(kParts, part)};
  if (!known || !named || std::ranges::min(found) < 0) return false;
  if (std::min({s.batch, s.channels, s.filters, s.height, s.width}) < 1) return false;
  question.mode = static_cast<ConvMode>(found[0]);
  question.part = static_cast<ConvPart>(found[1]);
  question.geometry = *known;
  choice = *named;
  return can_compute(choice, question);
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

std::string text_of(const ConvQuestion& question) {
  const ConvSizes& s = question.sizes;
  std::ostringstream text;
  text << kModes.at(static_cast<size_t>(question.mode)) << ' '
       << kParts.at(static_cast<size_t>(question.part)) << ' ' << text_of(question.geometry) << ' '
       << s.batch << ' ' << s.channels << ' ' << s.filters << ' ' << s.height << ' ' << s.width;
  return text.str();
}

const char* name_of(ConvChoice choice) { return kChoices.at(static_cast<size_t>(choice)); }

std::optional<ConvChoice> choice_named(std::string_view name) {
  const int64_t found = index_of(kChoices, name);
  return found < 0 ? std::nullopt : std::optional(static_cast<ConvChoice>(found));
}

void set_conv_judge(ConvJudge judge) {
  const std::unique_lock lock(table().judging);
  table().judge = std::move(judge);
}

void begin_or_end_conv_rules(int change) { parts_by_rules += change; }
bool within_conv_rules() { return parts_by_rules > 0; }

ConvChoice choose_conv(ConvPart part, const ConvGeometry& geometry, const ConvSizes& sizes) {
  const ConvQuestion question{conv_mode(), part, geometry, sizes};
  if (parts_by_rules > 0) return by_rule(question);
  const auto kept = [&]() -> std::optional<ConvChoice> {
    const std::shared_lock lock(table().mutex);
    const auto found = table().choices.find(question);
    return found == table().choices.end() ? std::nullopt : std::optional(found->second);
  };
  if (const auto choice = kept()) return *choice;
  const std::unique_lock judging(table().judging);
  if (const auto choice = kept()) return *choice;  // another thread asked at the same time
  const ConvChoice choice = table().judge ? table().judge(question) : by_rule(question);
  const std::unique_lock lock(table().mutex);
  return table().choices.emplace(question, choice).first->second;
}

std::string conv_choices() {
  std::string text;
  const std::shared_lock lock(table().mutex);
  for (const auto& [question, choice] : table().choices) {
    text += text_of(question) + ' ' + name_of(choice) + '\n';
  }
  return text;
}

void load_conv_choices(std::string_view text) {
  std::map<ConvQuestion, ConvChoice> read;
  std::istringstream lines{std::string(text)};
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    ConvQuestion question;
    ConvChoice choice{};
    if (line.empty()) continue;
    if (!read_line(line, question, choice)) {
      throw UsageError({.where = "convolution choices, line " + std::to_string(number),
                        .found = "\"" + line.substr(0, 80) + "\"",
                        .allowed = "lines such as \"auto forward 3x3 64 128 128 32 32 tile4\""});
    }
    read[question] = choice;
  }
  const std::unique_lock lock(table().mutex);
  for (const auto& [question, choice] : read) table().choices[question] = choice;
}

}  // namespace ganymede::ops
