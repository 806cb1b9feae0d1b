#include "ganymede/data/table/table_preview.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "ganymede/data/table/association.h"
#include "ganymede/media/plot.h"

namespace ganymede::data {
namespace {

constexpr media::Color kRealColor = {0, 114, 178};
constexpr media::Color kFakeColor = {213, 94, 0};
constexpr size_t kMostMarginals = 24;
constexpr size_t kMostMapped = 40;   // columns of the maps
constexpr double kLeastApart = 0.1;  // where the scale of differences ends at least
constexpr size_t kNamedCategories = 3;
constexpr int kMostBars = 24;
constexpr int kBins = 40;
constexpr int kPerRow = 3;
constexpr media::PlotSize kPanel = {440, 300};

std::vector<int64_t> learnable(const TableSchema& schema) {
  std::vector<int64_t> columns;
  for (size_t c = 0; c < schema.columns.size(); ++c) {
    const Column& column = schema.columns[c];
    if (column.is_continuous() || column.is_discrete()) columns.push_back(static_cast<int64_t>(c));
  }
  return columns;
}

std::string shortened(const std::string& text, size_t most) {
  return text.size() <= most ? text : text.substr(0, most - 1) + "~";
}

media::Series series_of(const Table& table, int64_t c, const char* name, media::Color color) {
  media::Series series{.name = name, .color = color};
  if (table.column(c).is_continuous()) {
    series.x = table.cells(c).numbers;
    return series;
  }
  for (const int32_t code : table.cells(c).codes) {
    if (code >= 0) series.x.push_back(std::min(code, kMostBars) + 0.5);
  }
  return series;
}

// What the first numbers of a categorical axis stand for.
std::string legend_of(const Column& column) {
  constexpr size_t kLongest = 16;
  std::string text;
  for (size_t i = 0; i < std::min(column.categories.size(), kNamedCategories); ++i) {
    text +=
        fmt::format("{}{}:{}", i == 0 ? "" : "  ", i, shortened(column.categories[i], kLongest));
  }
  return text;
}

media::Histogram marginal(const Table& rows, const Table* reals, int64_t c) {
  constexpr size_t kLongest = 40;
  const Column& column = rows.column(c);
  media::Histogram histogram;
  histogram.labels = {.title = shortened(column.name, kLongest),
                      .x = column.is_discrete() ? legend_of(column) : "",
                      .y = "density"};
  if (reals != nullptr) histogram.samples.push_back(series_of(*reals, c, "real", kRealColor));
  histogram.samples.push_back(
      series_of(rows, c, reals != nullptr ? "generated" : "rows", kFakeColor));
  histogram.bins = kBins;
  // A bar for each whole number where these would else fall into bars of one or two.
  const double range = column.maximum - column.minimum;
  if (column.integer() && range > kBins && range <= 3 * kBins) {
    histogram.bins = static_cast<int>(range);
  }
  if (column.is_discrete()) {
    // A bar for each category from the first to the last that occurs.
    double low = kMostBars, high = 0;
    for (const media::Series& series : histogram.samples) {
      for (const double x : series.x) {
        low = std::min(low, x);
        high = std::max(high, x);
      }
    }
    histogram.bins = std::max(1, static_cast<int>(high - low) + 1);
  }
  return histogram;
}

// A map of pairs; of differences where `low` is 0.
media::Heatmap heat_map(const std::string& title, std::vector<double> values,
                        const std::vector<std::string>& names, double low, double high) {
  const auto side = static_cast<int>(names.size());
  return {.labels = {.title = title, .x = "", .y = ""},
          .rows = side,
          .columns = side,
          .values = std::move(values),
          .low = low,
          .high = high,
          .diverging = low < 0,
          .names = names};
}

std::vector<std::string> names_of(const TableSchema& schema, const std::vector<int64_t>& columns) {
  constexpr size_t kLongest = 14;
  std::vector<std::string> names;
  for (const int64_t c : columns) {
    names.push_back(shortened(schema.columns[static_cast<size_t>(c)].name, kLongest));
  }
  return names;
}

}  // namespace

media::Image table_preview(const Table& rows, const Table* reals, const std::string& title) {
  std::vector<int64_t> columns = learnable(rows.schema());
  std::vector<media::Panel> panels;
  for (size_t i = 0; i < std::min(columns.size(), kMostMarginals); ++i) {
    panels.emplace_back(marginal(rows, reals, columns[i]));
  }
  while (panels.size() % kPerRow != 0) panels.emplace_back(media::LinePlot{});
  if (columns.size() > kMostMapped) columns.resize(kMostMapped);
  const size_t n = columns.size();
  const std::vector<std::string> names = names_of(rows.schema(), columns);
  std::vector<double> fake = associations(rows, columns);
  if (reals == nullptr) {
    panels.emplace_back(heat_map("Associations", std::move(fake), names, -1, 1));
    return media::render_panels(panels, kPerRow, kPanel, title);
  }
  std::vector<double> real = associations(*reals, columns);
  std::vector<double> apart;
  double sum = 0, most = kLeastApart;
  for (size_t i = 0; i < real.size(); ++i) {
    apart.push_back(std::abs(real[i] - fake[i]));
    sum += apart.back();
    most = std::max(most, apart.back());
  }
  const double mean = n > 1 ? sum / static_cast<double>(n * (n - 1)) : 0;
  panels.emplace_back(heat_map("Associations, real", std::move(real), names, -1, 1));
  panels.emplace_back(heat_map("Associations, generated", std::move(fake), names, -1, 1));
  panels.emplace_back(
      heat_map(fmt::format("Difference (mean {:.3f})", mean), std::move(apart), names, 0, most));
  return media::render_panels(panels, kPerRow, kPanel, title);
}

}  // namespace ganymede::data
