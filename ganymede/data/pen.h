// Smooth strokes drawn with a soft round pen into a field of ink.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "ganymede/data/glyphs.h"

namespace ganymede::data {

inline constexpr int kStepsPerSpan = 5;
inline constexpr int kMaxPoints = kMaxKnots * kStepsPerSpan + 1;

struct Point {
  float x = 0, y = 0;
};

// A stroke as points close enough to be joined by straight lines.
struct Polyline {
  std::array<Point, kMaxPoints> points;
  int count = 0;
};

// The Catmull-Rom curve through the knots of a stroke, broken at its corners.
Polyline trace(const GlyphStroke& stroke);

// Accumulates strokes as the signed distance to their edge, in pixels, positive inside.
class Pen {
 public:
  explicit Pen(int size);
  // `radius_start` and `radius_end` in pixels: the pressure changes evenly along the stroke.
  void draw(const Polyline& line, float radius_start, float radius_end);
  // Ink 0..255 per pixel: an edge `softness` pixels wide, full ink `level` (0..1).
  void ink(float softness, float level, uint8_t* out) const;

 private:
  void draw_segment(Point from, Point to, float radius_from, float radius_to);

  int size_;
  std::vector<float> depth_;
};

}  // namespace ganymede::data
