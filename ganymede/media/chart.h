// The frame around a chart: title, legend, axes with round ticks, and the mapping to pixels.
#pragma once

#include <string>
#include <vector>

#include "ganymede/media/canvas.h"
#include "ganymede/media/plot.h"

namespace ganymede::media {

struct Range {
  double low = 0;
  double high = 1;
};

struct Tick {
  double value;
  std::string text;
};

// About `target` values at round steps (1, 2 or 5 times a power of ten) inside the range.
std::vector<Tick> linear_ticks(const Range& range, int target);

// Powers of ten inside the range; with fewer than two of them also 2 and 5 times these.
std::vector<Tick> log_ticks(const Range& range);

// The range of the finite values (of the positive ones when `positive`), widened by `margin` of its
// length on both sides; 0..1 without such values, and never empty.
Range range_of(const std::vector<const std::vector<double>*>& columns, double margin,
               bool positive = false);

struct LegendEntry {
  std::string name;
  Color color;
};

struct ChartFrame {
  AxisLabels labels = {};
  std::vector<LegendEntry> legend = {};
  Range x = {};
  Range y = {};
  bool log_y = false;
  bool equal_aspect = false;
  std::vector<Tick> x_ticks = {}, y_ticks = {};  // empty: round numbers
  int right_margin_px = 0;                       // beyond the usual, at unit 1 (for a colour scale)
  bool grid = true;
};

// A white picture with its frame drawn; the caller draws the data through canvas() and at(). All
// lengths are multiples of unit(), which grows with the picture so that text stays legible.
class Chart {
 public:
  Chart(const PlotSize& size, ChartFrame frame);

  Canvas& canvas() { return canvas_; }
  const Box& area() const { return area_; }
  int unit() const { return unit_; }
  Point at(double x, double y) const;
  void write_centered(const std::string& text);
  // A vertical scale of ticks right of `box`.
  void draw_right_ticks(const Box& box, const Range& range);
  Image finish();

 private:
  void lay_out();
  void equalize();
  double y_fraction(double y) const;
  std::vector<Tick> y_ticks() const;
  std::vector<Tick> x_ticks() const;
  int legend_rows() const;
  void draw_texts();
  void draw_legend(int y);
  void draw_x_axis();
  void draw_y_axis();

  Image image_;
  Canvas canvas_;
  ChartFrame frame_;
  int unit_;
  Box area_;
};

}  // namespace ganymede::media
