#include "ganymede/media/canvas.h"

#include <algorithm>
#include <cmath>

namespace ganymede::media {
namespace {

// How much of the unit interval starting at `cell` lies in [low, high].
double overlap(int cell, double low, double high) {
  return std::clamp(std::min(high, cell + 1.0) - std::max(low, static_cast<double>(cell)), 0.0,
                    1.0);
}

double distance_to_segment(Point p, Point a, Point b) {
  const double dx = b.x - a.x;
  const double dy = b.y - a.y;
  const double length = dx * dx + dy * dy;
  const double t =
      length > 0 ? std::clamp(((p.x - a.x) * dx + (p.y - a.y) * dy) / length, 0.0, 1.0) : 0.0;
  return std::hypot(p.x - a.x - t * dx, p.y - a.y - t * dy);
}

int first_cell(double edge, int limit) {
  return static_cast<int>(std::floor(std::max(edge, static_cast<double>(limit))));
}

int end_cell(double edge, int limit) {
  return static_cast<int>(std::ceil(std::min(edge, static_cast<double>(limit))));
}

}  // namespace

Canvas::Canvas(Image& image) : image_(image), right_(image.width), bottom_(image.height) {}

void Canvas::set_clip(const Box& clip) {
  left_ = first_cell(clip.left, 0);
  top_ = first_cell(clip.top, 0);
  right_ = end_cell(clip.right, image_.width);
  bottom_ = end_cell(clip.bottom, image_.height);
}

void Canvas::blend(int x, int y, Color color, double opacity) {
  uint8_t* pixel = image_.at(x, y);
  for (size_t c = 0; c < 3; ++c)
    pixel[c] = static_cast<uint8_t>(std::lround(pixel[c] + (color[c] - pixel[c]) * opacity));
}

void Canvas::fill(const Box& box, Color color, double opacity) {
  for (int y = first_cell(box.top, top_); y < end_cell(box.bottom, bottom_); ++y)
    for (int x = first_cell(box.left, left_); x < end_cell(box.right, right_); ++x)
      blend(x, y, color,
            opacity * overlap(x, box.left, box.right) * overlap(y, box.top, box.bottom));
}

void Canvas::disc(Point center, double radius, Color color, double opacity) {
  const double reach = radius + 0.5;
  for (int y = first_cell(center.y - reach, top_); y < end_cell(center.y + reach, bottom_); ++y) {
    for (int x = first_cell(center.x - reach, left_); x < end_cell(center.x + reach, right_); ++x) {
      const double distance = std::hypot(x + 0.5 - center.x, y + 0.5 - center.y);
      blend(x, y, color, opacity * std::clamp(reach - distance, 0.0, 1.0));
    }
  }
}

void Canvas::cover_segment(Point a, Point b, double radius) {
  const double reach = radius + 0.5;
  const int last = end_cell(std::max(a.y, b.y) + reach, bottom_);
  for (int y = first_cell(std::min(a.y, b.y) - reach, top_); y < last; ++y) {
    // Only the part of the segment near this row can touch it.
    double low = std::min(a.x, b.x);
    double high = std::max(a.x, b.x);
    if (a.y != b.y) {
      const double slope = (b.x - a.x) / (b.y - a.y);
      const double at_top = a.x + slope * (y - reach - a.y);
      const double at_bottom = a.x + slope * (y + 1 + reach - a.y);
      low = std::max(low, std::min(at_top, at_bottom));
      high = std::min(high, std::max(at_top, at_bottom));
    }
    const int end = end_cell(high + reach, right_);
    for (int x = first_cell(low - reach, left_); x < end; ++x) {
      const double distance = distance_to_segment({x + 0.5, y + 0.5}, a, b);
      float& covered = coverage_[static_cast<size_t>(y) * image_.width + x];
      covered = std::max(covered, static_cast<float>(std::clamp(reach - distance, 0.0, 1.0)));
    }
  }
}

void Canvas::polyline(const std::vector<Point>& points, double width, Color color, double opacity) {
  if (points.empty()) return;
  coverage_.assign(static_cast<size_t>(image_.width) * image_.height, 0.0F);
  if (points.size() == 1) cover_segment(points[0], points[0], width / 2);
  for (size_t i = 1; i < points.size(); ++i) cover_segment(points[i - 1], points[i], width / 2);
  for (int y = top_; y < bottom_; ++y)
    for (int x = left_; x < right_; ++x)
      if (const float covered = coverage_[static_cast<size_t>(y) * image_.width + x]; covered > 0)
        blend(x, y, color, opacity * covered);
}

}  // namespace ganymede::media
