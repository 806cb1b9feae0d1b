// Forms of the ten digits as strokes through knots.
#pragma once

#include <span>

namespace ganymede::data {

inline constexpr int kMaxKnots = 14;
inline constexpr int kMaxStrokes = 2;

// A place that a stroke passes through: x to the right, y down, the digit about 1 high and 0.65
// wide with its centre at (0.5, 0.5). At a corner the pen turns sharply.
struct Knot {
  float x = 0, y = 0;
  bool corner = false;
};

struct GlyphStroke {
  Knot knots[kMaxKnots];
  int count = 0;
  bool closed = false;
};

// One way to write a digit; `weight` is its share among the forms of that digit.
struct Glyph {
  GlyphStroke strokes[kMaxStrokes];
  int count = 0;
  float weight = 1;
};

// The forms of a digit 0..9, at least two; weights sum to 1.
std::span<const Glyph> glyphs_of(int digit);

}  // namespace ganymede::data
