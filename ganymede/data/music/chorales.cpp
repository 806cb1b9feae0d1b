#include "ganymede/data/music/chorales.h"

#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "ganymede/core/error.h"

namespace ganymede::data {
namespace {

using nlohmann::json;

constexpr int kTicksInStep = 120;
constexpr int kMostVoices = 16;

[[noreturn]] void refuse(const std::string& where, const std::string& found) {
  throw DataError({.where = where,
                   .found = found,
                   .allowed = R"({"train": [[[60, 64, 67], ...], ...], "test": ...})"});
}

std::set<int> pitches_of(const json& step, const std::string& where) {
  if (!step.is_array() || step.size() > kMostVoices) refuse(where, "no list of 0 to 16 pitches");
  std::set<int> pitches;
  for (const json& value : step) {
    if (!value.is_number()) refuse(where, "a pitch that is no number");
    const double pitch = value.get<double>();
    if (pitch < -1 || pitch > 127 || pitch != static_cast<int>(pitch))
      refuse(where, "pitch " + value.dump());
    if (pitch >= 0) pitches.insert(static_cast<int>(pitch));  // -1: a voice that is silent
  }
  return pitches;
}

media::MidiFile chorale_of(const json& steps, const std::string& where) {
  if (!steps.is_array()) refuse(where, "no list of steps");
  media::MidiFile file{.ticks_per_quarter = 4 * kTicksInStep};
  media::MidiTrack track;
  std::map<int, int64_t> held;  // pitch -> tick
  int64_t tick = 0;
  const auto end_all_but = [&](const std::set<int>& pitches) {
    std::erase_if(held, [&](const auto& note) {
      if (pitches.contains(note.first)) return false;
      track.notes.push_back({.begin = note.second, .end = tick, .pitch = note.first});
      return true;
    });
  };
  for (size_t i = 0; i < steps.size(); ++i, tick += kTicksInStep) {
    const auto pitches = pitches_of(steps[i], where + ", step " + std::to_string(i + 1));
    end_all_but(pitches);
    for (const int pitch : pitches) held.emplace(pitch, tick);
  }
  end_all_but({});
  std::ranges::stable_sort(track.notes, {}, &media::MidiNote::begin);
  file.tracks.push_back(std::move(track));
  return file;
}

}  // namespace

bool resembles_chorales(std::string_view first_bytes) {
  size_t at = first_bytes.find_first_not_of(" \t\r\n");
  if (at == std::string_view::npos || first_bytes[at] != '{') return false;
  at = first_bytes.find_first_not_of(" \t\r\n", at + 1);
  if (at == std::string_view::npos) return false;
  const std::string_view key = first_bytes.substr(at);
  return key.starts_with("\"train\"") || key.starts_with("\"test\"") ||
         key.starts_with("\"valid\"");
}

std::vector<media::MidiFile> parse_chorales(std::string_view text, const std::string& split,
                                            const std::string& where) {
  const json all = json::parse(text, nullptr, false);
  if (!all.is_object()) refuse(where, "no JSON object");
  std::vector<media::MidiFile> chorales;
  for (const auto& [key, value] : all.items()) {
    if (split != "all" && key != split) continue;
    if (!value.is_array()) refuse(where + ": " + key, "no list of chorales");
    for (size_t i = 0; i < value.size(); ++i)
      chorales.push_back(
          chorale_of(value[i], where + ": " + key + ", chorale " + std::to_string(i + 1)));
  }
  return chorales;
}

}  // namespace ganymede::data
