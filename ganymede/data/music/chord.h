// Major and minor triads: named, found in notes, and as numbers for networks.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace ganymede::data {

inline constexpr int kPitchClasses = 12;
// A chord as a vector: a 1 at its root (0 is C), and a last entry that is 1 for minor; all zeros
// for no chord (Yang et al. 2017, 3.3).
inline constexpr int kChordWidth = kPitchClasses + 1;

struct Chord {
  int root = -1;  // 0 (C) to 11 (B); -1: no chord
  bool minor = false;
  bool any() const { return root >= 0; }
  Chord transposed(int semitones) const;
  std::array<int, 3> pitch_classes() const;  // of a chord that there is
  bool operator==(const Chord&) const = default;
};

std::string_view pitch_class_name(int pitch_class);  // "C", "C#", ... "B"
std::string pitch_name(int pitch);                   // "C4" for 60
std::string chord_name(const Chord& chord);          // "C", "Am", "-" for none

// A root (with # or b) and perhaps "m", "min" or "maj"; "-" for none. Nothing for any other text.
std::optional<Chord> parse_chord(std::string_view text);

// The triad whose notes sound longest in comparison with all others, by how long each pitch class
// sounds; of equal ones the one over `bass` (-1: unknown), then the first in order of roots, major
// before minor. None where nothing sounds.
Chord find_chord(const std::array<double, kPitchClasses>& sounding, int bass = -1);

void put_chord(const Chord& chord, float* out);  // kChordWidth numbers
// The largest root, minor above 0.5; none where no root reaches 0.5.
Chord take_chord(const float* numbers);

}  // namespace ganymede::data
