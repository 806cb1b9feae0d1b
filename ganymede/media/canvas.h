// Antialiased lines, discs and rectangles on an RGB picture, for charts.
#pragma once

#include <vector>

#include "ganymede/media/image.h"

namespace ganymede::media {

// Pixel coordinates: (0, 0) is the outer corner of the top left pixel.
struct Point {
  double x = 0;
  double y = 0;
};

struct Box {
  double left = 0;
  double top = 0;
  double right = 0;
  double bottom = 0;
  double width() const { return right - left; }
  double height() const { return bottom - top; }
};

// Draws into a picture it does not own; everything is limited to the clip box. Opacity is 0..1 and
// applies to a shape as a whole, so that a curve does not darken where it crosses itself.
class Canvas {
 public:
  // `image` is RGB and outlives the canvas.
  explicit Canvas(Image& image);

  void set_clip(const Box& clip);
  void fill(const Box& box, Color color, double opacity = 1.0);
  void disc(Point center, double radius, Color color, double opacity = 1.0);
  // Round joins and ends.
  void polyline(const std::vector<Point>& points, double width, Color color, double opacity = 1.0);

 private:
  void blend(int x, int y, Color color, double opacity);
  void cover_segment(Point a, Point b, double radius);

  Image& image_;
  int left_ = 0;
  int top_ = 0;
  int right_ = 0;
  int bottom_ = 0;
  std::vector<float> coverage_;  // of the shape being drawn, per pixel of the picture
};

}  // namespace ganymede::media
