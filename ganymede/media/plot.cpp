#include "ganymede/media/plot.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "ganymede/core/error.h"
#include "ganymede/media/chart.h"
#include "ganymede/media/font.h"

namespace ganymede::media {
namespace {

constexpr double kLineWidth = 1.6;
constexpr double kRangeMargin = 0.05;
constexpr int kMinWidthPx = 160;
constexpr int kMinHeightPx = 120;
constexpr int kMaxSidePx = 8192;
constexpr int kColorScalePx = 64;
constexpr int kNamedTickPx = 14;  // a named row or column needs so much

// Okabe and Ito's palette, blue and orange first, without its yellow (too faint on white).
constexpr std::array<Color, 7> kPalette = {{{0, 114, 178},
                                            {213, 94, 0},
                                            {0, 158, 115},
                                            {204, 121, 167},
                                            {86, 180, 233},
                                            {230, 159, 0},
                                            {70, 70, 70}}};

// Viridis (van der Walt and Smith 2015) at ten equal steps.
constexpr std::array<Color, 10> kViridis = {{{68, 1, 84},
                                             {72, 40, 120},
                                             {62, 74, 137},
                                             {49, 104, 142},
                                             {38, 130, 142},
                                             {31, 158, 137},
                                             {53, 183, 121},
                                             {109, 205, 89},
                                             {180, 222, 44},
                                             {253, 231, 37}}};

// Blue over white to red (Brewer's RdBu) at equal steps.
constexpr std::array<Color, 5> kDiverging = {
    {{5, 48, 97}, {67, 147, 195}, {247, 247, 247}, {214, 96, 77}, {103, 0, 31}}};

// The colour at `fraction` of a scale of equal steps.
template <size_t N>
Color on_scale(const std::array<Color, N>& scale, double fraction) {
  const double position = std::clamp(fraction, 0.0, 1.0) * (N - 1);
  const size_t below = std::min(static_cast<size_t>(position), N - 2);
  const double rest = position - static_cast<double>(below);
  Color color;
  for (size_t c = 0; c < 3; ++c)
    color[c] = static_cast<uint8_t>(
        std::lround(scale[below][c] + (scale[below + 1][c] - scale[below][c]) * rest));
  return color;
}

Color color_of(const Heatmap& map, double fraction) {
  return map.diverging ? on_scale(kDiverging, fraction) : on_scale(kViridis, fraction);
}

Color color_of(const Series& series, size_t index) {
  return series.color.value_or(kPalette[index % kPalette.size()]);
}

void check_lengths(const std::vector<Series>& all) {
  for (const Series& series : all)
    if (series.x.size() != series.y.size())
      throw UsageError({.where = "plot series \"" + series.name + "\"",
                        .found = std::to_string(series.x.size()) + " x and " +
                                 std::to_string(series.y.size()) + " y values",
                        .allowed = "as many of each"});
}

std::vector<LegendEntry> legend_of(const std::vector<Series>& all, size_t first = 0) {
  std::vector<LegendEntry> legend;
  legend.reserve(all.size());
  for (size_t i = 0; i < all.size(); ++i)
    legend.push_back({all[i].name, color_of(all[i], first + i)});
  return legend;
}

std::vector<const std::vector<double>*> columns(const std::vector<Series>& all,
                                                std::vector<double> Series::* member) {
  std::vector<const std::vector<double>*> result;
  result.reserve(all.size());
  for (const Series& series : all) result.push_back(&(series.*member));
  return result;
}

bool drawable(const Series& series, size_t i, bool log_y) {
  return std::isfinite(series.x[i]) && std::isfinite(series.y[i]) && (!log_y || series.y[i] > 0);
}

// Draws the runs between gaps; true when anything was drawn.
bool draw_curve(Chart& chart, const Series& series, Color color, bool log_y) {
  bool drawn = false;
  std::vector<Point> run;
  for (size_t i = 0; i <= series.x.size(); ++i) {
    if (i < series.x.size() && drawable(series, i, log_y)) {
      run.push_back(chart.at(series.x[i], series.y[i]));
      continue;
    }
    // A value between two gaps would be invisible as a line: make it a dot.
    if (run.size() == 1) chart.canvas().disc(run[0], kLineWidth * chart.unit(), color);
    if (run.size() > 1) chart.canvas().polyline(run, kLineWidth * chart.unit(), color);
    drawn = drawn || !run.empty();
    run.clear();
  }
  return drawn;
}

Image render(const LinePlot& plot, const PlotSize& size) {
  check_lengths(plot.series);
  Chart chart(size, {.labels = plot.labels,
                     .legend = legend_of(plot.series),
                     .x = range_of(columns(plot.series, &Series::x),
                                   plot.equal_aspect ? kRangeMargin : 0.0),
                     .y = range_of(columns(plot.series, &Series::y), kRangeMargin, plot.log_y),
                     .log_y = plot.log_y,
                     .equal_aspect = plot.equal_aspect && !plot.log_y});
  bool drawn = false;
  for (size_t i = 0; i < plot.series.size(); ++i)
    drawn |= draw_curve(chart, plot.series[i], color_of(plot.series[i], i), plot.log_y);
  if (!drawn) chart.write_centered("no data");
  return chart.finish();
}

Image render(const ScatterPlot& plot, const PlotSize& size) {
  check_lengths(plot.clouds);
  Chart chart(size, {.labels = plot.labels,
                     .legend = legend_of(plot.clouds),
                     .x = range_of(columns(plot.clouds, &Series::x), kRangeMargin),
                     .y = range_of(columns(plot.clouds, &Series::y), kRangeMargin),
                     .equal_aspect = plot.equal_aspect});
  bool drawn = false;
  for (size_t c = 0; c < plot.clouds.size(); ++c) {
    const Series& cloud = plot.clouds[c];
    // Large clouds are drawn fainter, so that density still shows.
    const double opacity = cloud.x.size() > 2000 ? 0.35 : 0.6;
    for (size_t i = 0; i < cloud.x.size(); ++i) {
      if (!drawable(cloud, i, false)) continue;
      chart.canvas().disc(chart.at(cloud.x[i], cloud.y[i]), plot.radius_px * chart.unit(),
                          color_of(cloud, c), opacity);
      drawn = true;
    }
  }
  if (!drawn) chart.write_centered("no data");
  return chart.finish();
}

void draw_color_scale(Chart& chart, const Heatmap& map, const Range& range) {
  const Box& area = chart.area();
  const double left = area.right + 10.0 * chart.unit();
  const Box box{left, area.top, left + 12.0 * chart.unit(), area.bottom};
  chart.canvas().set_clip(box);
  for (double y = box.top; y < box.bottom; y += 1.0)
    chart.canvas().fill({box.left, y, box.right, y + 1},
                        color_of(map, (box.bottom - y) / box.height()));
  chart.draw_right_ticks(box, range);
}

// A tick in the middle of each row or column; as many of them as `most`, evenly.
std::vector<Tick> ticks_of(const Heatmap& map, bool rows, int most) {
  std::vector<Tick> ticks;
  const auto count = static_cast<int>(map.names.size());
  const int stride = (count + most - 1) / std::max(most, 1);
  for (int i = 0; i < count; i += std::max(stride, 1)) {
    const std::string number = std::to_string(i + 1);
    const double middle = i + 0.5;
    if (rows) ticks.push_back({count - middle, map.names[static_cast<size_t>(i)] + " " + number});
    if (!rows) ticks.push_back({middle, number});
  }
  return ticks;
}

Image render(const Heatmap& map, const PlotSize& size) {
  const bool fits = map.rows > 0 && map.columns > 0 &&
                    map.values.size() == static_cast<size_t>(map.rows) * map.columns;
  if (!fits || !(map.x_min < map.x_max) || !(map.y_min < map.y_max))
    throw UsageError({.where = "heat map",
                      .found = std::to_string(map.values.size()) + " values for " +
                               std::to_string(map.rows) + " x " + std::to_string(map.columns),
                      .allowed = "rows * columns values and rising axes"});
  const bool named = !map.names.empty();
  const auto side = static_cast<double>(map.names.size());
  if (named && (side != map.rows || side != map.columns))
    throw UsageError({.where = "heat map",
                      .found = std::to_string(map.names.size()) + " names for " +
                               std::to_string(map.rows) + " x " + std::to_string(map.columns),
                      .allowed = "a square map with a name for each row"});
  Range range = range_of({&map.values}, 0.0);
  range = {map.low.value_or(range.low), map.high.value_or(range.high)};
  if (!(range.low < range.high)) range.high = range.low + 1;
  Chart chart(size, {.labels = map.labels,
                     .legend = {},
                     .x = named ? Range{0, side} : Range{map.x_min, map.x_max},
                     .y = named ? Range{0, side} : Range{map.y_min, map.y_max},
                     .x_ticks = ticks_of(map, false, size.width / kNamedTickPx),
                     .y_ticks = ticks_of(map, true, size.height / kNamedTickPx),
                     .right_margin_px = kColorScalePx,
                     .grid = false});
  const double x_step = named ? 1 : (map.x_max - map.x_min) / map.columns;
  const double y_step = named ? 1 : (map.y_max - map.y_min) / map.rows;
  const double x_min = named ? 0 : map.x_min;
  const double y_min = named ? 0 : map.y_min;
  for (int row = 0; row < map.rows; ++row) {
    for (int column = 0; column < map.columns; ++column) {
      const int from_top = named ? map.rows - 1 - row : row;
      const double value = map.values[static_cast<size_t>(from_top) * map.columns + column];
      if (!std::isfinite(value)) continue;
      const Point low = chart.at(x_min + column * x_step, y_min + row * y_step);
      const Point high = chart.at(x_min + (column + 1) * x_step, y_min + (row + 1) * y_step);
      // Whole pixels, so that no seams show between the cells.
      chart.canvas().fill(
          {std::round(low.x), std::round(high.y), std::round(high.x), std::round(low.y)},
          color_of(map, (value - range.low) / (range.high - range.low)));
    }
  }
  draw_color_scale(chart, map, range);
  return chart.finish();
}

// The density of finite values in equal bins over the range.
std::vector<double> densities(const std::vector<double>& values, const Range& range, int bins) {
  std::vector<double> density(bins, 0.0);
  const double width = (range.high - range.low) / bins;
  double total = 0;
  for (const double value : values) {
    if (!std::isfinite(value)) continue;
    const int bin = static_cast<int>((value - range.low) / width);
    density[std::clamp(bin, 0, bins - 1)] += 1;
    total += 1;
  }
  for (double& bin : density) bin /= std::max(total, 1.0) * width;
  return density;
}

void draw_bars(Chart& chart, const std::vector<double>& density, const Range& range, Color color) {
  const double width = (range.high - range.low) / static_cast<double>(density.size());
  std::vector<Point> outline = {chart.at(range.low, 0)};
  for (size_t i = 0; i < density.size(); ++i) {
    const Point low = chart.at(range.low + width * static_cast<double>(i), 0);
    const Point high = chart.at(range.low + width * static_cast<double>(i + 1), density[i]);
    chart.canvas().fill({low.x, high.y, high.x, low.y}, color, 0.25);
    outline.push_back({low.x, high.y});
    outline.push_back(high);
  }
  outline.push_back(chart.at(range.high, 0));
  chart.canvas().polyline(outline, 1.0 * chart.unit(), color, 0.9);
}

Image render(const Histogram& plot, const PlotSize& size) {
  check_lengths(plot.curves);
  if (plot.bins < 1 || plot.bins > 10000)
    throw UsageError({.where = "histogram",
                      .found = std::to_string(plot.bins) + " bins",
                      .allowed = "1 to 10000"});
  const Range range = range_of(columns(plot.samples, &Series::x), 0.0);
  std::vector<std::vector<double>> bars;
  bars.reserve(plot.samples.size());
  for (const Series& sample : plot.samples) bars.push_back(densities(sample.x, range, plot.bins));
  std::vector<const std::vector<double>*> heights = columns(plot.curves, &Series::y);
  for (const std::vector<double>& bar : bars) heights.push_back(&bar);
  std::vector<const std::vector<double>*> positions = columns(plot.curves, &Series::x);
  const std::vector<double> ends = {range.low, range.high};
  positions.push_back(&ends);
  std::vector<LegendEntry> legend = legend_of(plot.samples);
  for (LegendEntry& entry : legend_of(plot.curves, plot.samples.size())) legend.push_back(entry);
  Chart chart(size, {.labels = plot.labels,
                     .legend = std::move(legend),
                     .x = range_of(positions, 0.02),
                     .y = {0, range_of(heights, kRangeMargin).high}});
  for (size_t i = 0; i < bars.size(); ++i)
    draw_bars(chart, bars[i], range, color_of(plot.samples[i], i));
  for (size_t i = 0; i < plot.curves.size(); ++i)
    draw_curve(chart, plot.curves[i], color_of(plot.curves[i], plot.samples.size() + i), false);
  const bool empty = std::all_of(heights.begin(), heights.end(), [](const auto* column) {
    return std::none_of(column->begin(), column->end(), [](double v) { return v > 0; });
  });
  if (empty) chart.write_centered("no data");
  return chart.finish();
}

void check_size(const PlotSize& size) {
  if (size.width >= kMinWidthPx && size.height >= kMinHeightPx && size.width <= kMaxSidePx &&
      size.height <= kMaxSidePx)
    return;
  throw UsageError({.where = "plot size",
                    .found = std::to_string(size.width) + " x " + std::to_string(size.height),
                    .allowed = "160 x 120 to 8192 x 8192"});
}

void paste(Image& page, const Image& panel, int left, int top) {
  for (int y = 0; y < panel.height; ++y)
    std::copy_n(panel.row(y), panel.row_bytes(), page.at(left, top + y));
}

}  // namespace

Color viridis(double fraction) { return on_scale(kViridis, fraction); }

Image render_plot(const Panel& panel, const PlotSize& size) {
  check_size(size);
  return std::visit([&](const auto& plot) { return render(plot, size); }, panel);
}

Image render_panels(const std::vector<Panel>& panels, int columns, const PlotSize& size,
                    const std::string& title) {
  check_size(size);
  if (panels.empty() || columns < 1)
    throw UsageError({.where = "plot panels",
                      .found = std::to_string(panels.size()) + " panels in " +
                               std::to_string(columns) + " columns",
                      .allowed = "a panel and a column"});
  columns = std::min(columns, static_cast<int>(panels.size()));
  const int rows = (static_cast<int>(panels.size()) + columns - 1) / columns;
  const int scale = size.width >= 960 ? 3 : 2;
  const int top = title.empty() ? 0 : (kFontLineHeightPx + 8) * scale;
  if (int64_t{columns} * size.width > 65500 || int64_t{rows} * size.height + top > 65500)
    throw UsageError({.where = "plot panels",
                      .found = std::to_string(columns) + " x " + std::to_string(rows) + " panels",
                      .allowed = "a page of at most 65500 px a side"});
  Image page = make_image(columns * size.width, rows * size.height + top, 3, 255);
  draw_text(page, 8 * scale, 6 * scale, title, {40, 40, 40}, scale);
  for (size_t i = 0; i < panels.size(); ++i)
    paste(page, render_plot(panels[i], size), static_cast<int>(i) % columns * size.width,
          top + static_cast<int>(i) / columns * size.height);
  return page;
}

}  // namespace ganymede::media
