#include "ganymede/data/csv_data.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "ganymede/core/error.h"
#include "ganymede/data/points.h"
#include "ganymede/media/csv.h"

namespace ganymede::data {
namespace {

constexpr int64_t kMaxDimensions = 3;
constexpr double kMaxLabel = 65535;
constexpr double kMaxValue = std::numeric_limits<float>::max();

// The place of the labels; -1 without.
int64_t label_column(const media::CsvTable& table) {
  const auto found = std::find(table.header.begin(), table.header.end(), "label");
  return found == table.header.end() ? -1 : found - table.header.begin();
}

float coordinate_of(double value, int64_t row, const std::string& where) {
  if (std::abs(value) <= kMaxValue) return static_cast<float>(value);
  throw DataError({.where = where,
                   .found = fmt::format("{} in point {}", value, row),
                   .allowed = "numbers that fit 32 bits"});
}

int64_t label_of(double value, int64_t row, const std::string& where) {
  if (value >= 0 && value <= kMaxLabel && value == std::floor(value))
    return static_cast<int64_t>(value);
  throw DataError({.where = where,
                   .found = fmt::format("the label {} of point {}", value, row),
                   .allowed = "whole numbers from 0 to 65,535",
                   .remedy = "--set data.labels=false"});
}

}  // namespace

bool resembles_points(const std::filesystem::path& path) {
  constexpr int kLines = 50;
  try {
    media::CsvReader reader(path);
    std::vector<media::CsvField> row;
    int64_t dimensions = 0, points = 0;
    for (int i = 0; i < kLines && reader.next(row); ++i) {
      int64_t numbers = 0, labels = 0;
      for (const media::CsvField& field : row) {
        const auto value = media::parse_csv_number(field.text);
        numbers += value && std::isfinite(*value) ? 1 : 0;
        labels += field.text == "label" ? 1 : 0;
      }
      if (i == 0) dimensions = static_cast<int64_t>(row.size()) - labels;
      const bool empty = row.size() == 1 && row[0].text.empty();
      const bool all = numbers == static_cast<int64_t>(row.size());
      if (!empty && !all && !(i == 0 && numbers == 0)) return false;
      points += all ? 1 : 0;
    }
    return points > 0 && dimensions >= 1 && dimensions <= kMaxDimensions;
  } catch (const DataError&) {
    return false;
  }
}

Source open_csv(const std::filesystem::path& path, const DataConfig& config) {
  if (config.split == "test") refuse_split(path.string(), config.split, {});
  const media::CsvTable table = media::read_csv(path);
  const int64_t label_at = label_column(table);
  const int64_t dimensions = table.columns - (label_at >= 0 ? 1 : 0);
  if (dimensions < 1 || dimensions > kMaxDimensions) {
    throw DataError({.where = path.string(),
                     .found = fmt::format("{} columns of coordinates", dimensions),
                     .allowed = "1 to 3, and one headed label"});
  }
  const int64_t rows = config.limit > 0 ? std::min(config.limit, table.rows()) : table.rows();
  std::vector<float> values;
  std::vector<int64_t> labels;
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t column = 0; column < table.columns; ++column) {
      const double value = table.values[static_cast<size_t>(row * table.columns + column)];
      if (column != label_at) {
        values.push_back(coordinate_of(value, row, path.string()));
      } else if (config.labels) {
        labels.push_back(label_of(value, row, path.string()));
      }
    }
  }
  Source source;
  source.rows =
      make_point_array(std::move(values), dimensions, std::move(labels), path.string(), "CSV");
  return source;
}

}  // namespace ganymede::data
