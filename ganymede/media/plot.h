// Charts as pictures: curves, point clouds, heat maps, histograms, and several of them on one page.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "ganymede/media/image.h"

namespace ganymede::media {

// A named curve or cloud; x and y have equal length. A NaN or infinity leaves a gap. Without a
// colour the next one of a colour-blind-safe palette (Okabe and Ito 2008) is taken.
struct Series {
  std::string name = {};
  std::vector<double> x = {};
  std::vector<double> y = {};
  std::optional<Color> color = {};
};

struct AxisLabels {
  std::string title = {};
  std::string x = {};
  std::string y = {};
};

struct LinePlot {
  AxisLabels labels = {};
  std::vector<Series> series = {};
  bool log_y = false;         // values <= 0 leave gaps
  bool equal_aspect = false;  // one unit is as long on both axes (trajectories)
};

struct ScatterPlot {
  AxisLabels labels = {};
  std::vector<Series> clouds = {};
  double radius_px = 1.6;
  bool equal_aspect = true;
};

// values[row * columns + column]; row 0 is drawn at the bottom (y grows upwards).
struct Heatmap {
  AxisLabels labels = {};
  int rows = 0;
  int columns = 0;
  std::vector<double> values = {};
  double x_min = 0, x_max = 1, y_min = 0, y_max = 1;  // what the outer edges stand for
  std::optional<double> low = {}, high = {};  // ends of the colour scale; default: data range
  bool diverging = false;  // blue, white in the middle of the scale, red; else viridis
  // Of a square map of pairs: what its rows and columns are. Rows are named, columns numbered from
  // 1, and row 0 is drawn on top.
  std::vector<std::string> names = {};
};

// Normalised to density (area 1 for each sample) so that sets of different size and curves compare.
struct Histogram {
  AxisLabels labels = {};
  std::vector<Series> samples = {};  // x holds the values, y is not used
  std::vector<Series> curves = {};   // drawn over the bars
  int bins = 40;
};

using Panel = std::variant<LinePlot, ScatterPlot, Heatmap, Histogram>;

struct PlotSize {
  int width = 640;
  int height = 420;
};

// The colour scale of heat maps: dark for 0, yellow for 1.
Color viridis(double fraction);

// RGB picture of one chart. A chart without drawable values says "no data". Throws UsageError for
// unequal lengths or a size below 160 x 120 or beyond 8192.
Image render_plot(const Panel& panel, const PlotSize& size = {});

// Panels row by row, `columns` in each, each of `size`; an optional title over all.
Image render_panels(const std::vector<Panel>& panels, int columns, const PlotSize& size = {},
                    const std::string& title = "");

}  // namespace ganymede::media
