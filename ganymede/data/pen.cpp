#include "ganymede/data/pen.h"

#include <algorithm>
#include <cmath>

namespace ganymede::data {
namespace {

constexpr float kMargin = 1.5F;  // pixels beside a stroke that its soft edge may reach
constexpr float kFarOutside = -1e6F;

// Uniform Catmull-Rom between b and c.
float spline(float a, float b, float c, float d, float t) {
  return 0.5F * (2 * b + t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a))));
}

// The knot before the first or behind the last of a smooth piece: a mirror image, which lets the
// curve run out straight.
Knot mirrored(const Knot& end, const Knot& inner) {
  return {2 * end.x - inner.x, 2 * end.y - inner.y};
}

}  // namespace

Polyline trace(const GlyphStroke& stroke) {
  Polyline line;
  const int n = stroke.count;
  const auto knot = [&stroke, n](int i) -> const Knot& { return stroke.knots[(i + n) % n]; };
  const int spans = stroke.closed ? n : n - 1;
  line.points[line.count++] = {knot(0).x, knot(0).y};
  for (int i = 0; i < spans; ++i) {
    const Knot &b = knot(i), &c = knot(i + 1);
    const bool starts = b.corner || (!stroke.closed && i == 0);
    const bool ends = c.corner || (!stroke.closed && i + 1 == spans);
    const Knot a = starts ? mirrored(b, c) : knot(i - 1);
    const Knot d = ends ? mirrored(c, b) : knot(i + 2);
    for (int step = 1; step <= kStepsPerSpan; ++step) {
      const float t = static_cast<float>(step) / kStepsPerSpan;
      line.points[line.count++] = {spline(a.x, b.x, c.x, d.x, t), spline(a.y, b.y, c.y, d.y, t)};
    }
  }
  return line;
}

Pen::Pen(int size) : size_(size), depth_(static_cast<size_t>(size) * size, kFarOutside) {}

void Pen::draw(const Polyline& line, float radius_start, float radius_end) {
  const float slope = (radius_end - radius_start) / static_cast<float>(line.count - 1);
  for (int i = 0; i + 1 < line.count; ++i) {
    const float radius = radius_start + slope * static_cast<float>(i);
    draw_segment(line.points[i], line.points[i + 1], radius, radius + slope);
  }
}

void Pen::draw_segment(Point from, Point to, float radius_from, float radius_to) {
  const float reach = std::max(radius_from, radius_to) + kMargin;
  const auto first = [reach](float a, float b) {
    return std::max(0, static_cast<int>(std::floor(std::min(a, b) - reach)));
  };
  const auto last = [reach, this](float a, float b) {
    return std::min(size_ - 1, static_cast<int>(std::ceil(std::max(a, b) + reach)));
  };
  const float dx = to.x - from.x, dy = to.y - from.y;
  const float scale = 1.0F / std::max(dx * dx + dy * dy, 1e-12F);
  const int x_first = first(from.x, to.x), x_last = last(from.x, to.x);
  for (int y = first(from.y, to.y); y <= last(from.y, to.y); ++y) {
    float* row = depth_.data() + static_cast<size_t>(y) * size_;
    for (int x = x_first; x <= x_last; ++x) {
      const float px = static_cast<float>(x) + 0.5F - from.x;
      const float py = static_cast<float>(y) + 0.5F - from.y;
      const float t = std::clamp((px * dx + py * dy) * scale, 0.0F, 1.0F);
      const float ex = px - t * dx, ey = py - t * dy;
      const float depth =
          radius_from + t * (radius_to - radius_from) - std::sqrt(ex * ex + ey * ey);
      row[x] = std::max(row[x], depth);
    }
  }
}

void Pen::ink(float softness, float level, uint8_t* out) const {
  for (size_t i = 0; i < depth_.size(); ++i) {
    const float t = std::clamp(depth_[i] / softness + 0.5F, 0.0F, 1.0F);
    out[i] = static_cast<uint8_t>(255.0F * level * t * t * (3 - 2 * t) + 0.5F);
  }
}

}  // namespace ganymede::data
