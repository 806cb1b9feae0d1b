#include "ganymede/data/music/chord.h"

#include <algorithm>

namespace ganymede::data {
namespace {

constexpr std::array<std::string_view, kPitchClasses> kNames = {"C",  "C#", "D",  "D#", "E",  "F",
                                                                "F#", "G",  "G#", "A",  "A#", "B"};
constexpr int kMajorThird = 4, kMinorThird = 3, kFifth = 7;
constexpr double kBassBonus = 1e-3;  // decides between triads that are equal otherwise

}  // namespace

Chord Chord::transposed(int semitones) const {
  if (!any()) return *this;
  return {((root + semitones) % kPitchClasses + kPitchClasses) % kPitchClasses, minor};
}

std::array<int, 3> Chord::pitch_classes() const {
  return {root, (root + (minor ? kMinorThird : kMajorThird)) % kPitchClasses,
          (root + kFifth) % kPitchClasses};
}

std::string_view pitch_class_name(int pitch_class) {
  return kNames.at(static_cast<size_t>(pitch_class));
}

std::string pitch_name(int pitch) {
  return std::string(pitch_class_name(pitch % kPitchClasses)) +
         std::to_string(pitch / kPitchClasses - 1);
}

std::string chord_name(const Chord& chord) {
  if (!chord.any()) return "-";
  return std::string(pitch_class_name(chord.root)) + (chord.minor ? "m" : "");
}

std::optional<Chord> parse_chord(std::string_view text) {
  if (text == "-") return Chord{};
  if (text.empty()) return std::nullopt;
  const auto letter = std::ranges::find(kNames, text.substr(0, 1));
  if (letter == kNames.end()) return std::nullopt;
  Chord chord{static_cast<int>(letter - kNames.begin()), false};
  text.remove_prefix(1);
  while (text.starts_with('#') || text.starts_with('b')) {
    chord = chord.transposed(text.front() == '#' ? 1 : -1);
    text.remove_prefix(1);
  }
  chord.minor = text == "m" || text == "min";
  if (!chord.minor && !text.empty() && text != "maj") return std::nullopt;
  return chord;
}

Chord find_chord(const std::array<double, kPitchClasses>& sounding, int bass) {
  double total = 0;
  for (const double weight : sounding) total += weight;
  if (total <= 0) return {};
  Chord best;
  double most = -1;
  for (int root = 0; root < kPitchClasses; ++root) {
    for (const bool minor : {false, true}) {
      const Chord chord{root, minor};
      double score = root == bass ? kBassBonus * total : 0;
      for (const int pitch : chord.pitch_classes())
        score += sounding.at(static_cast<size_t>(pitch));
      if (score > most + 1e-9 * total) {
        most = score;
        best = chord;
      }
    }
  }
  return best;
}

void put_chord(const Chord& chord, float* out) {
  std::fill_n(out, kChordWidth, 0.0F);
  if (!chord.any()) return;
  out[chord.root] = 1;
  out[kPitchClasses] = chord.minor ? 1.0F : 0.0F;
}

Chord take_chord(const float* numbers) {
  const float* root = std::max_element(numbers, numbers + kPitchClasses);
  if (*root < 0.5F) return {};
  return {static_cast<int>(root - numbers), numbers[kPitchClasses] > 0.5F};
}

}  // namespace ganymede::data
