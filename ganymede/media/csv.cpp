#include "ganymede/media/csv.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "ganymede/core/error.h"
#include "ganymede/core/files.h"
#include "ganymede/core/text.h"

namespace ganymede::media {
namespace {

constexpr size_t kShownBytes = 40;  // of a field, in a message

std::string shown(std::string_view text) { return json_string(text.substr(0, kShownBytes)); }

// Spaces around a number do no harm.
std::string_view trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

bool is_empty_line(const std::vector<CsvField>& row) {
  return row.size() == 1 && row.front().text.empty();
}

bool is_header(const std::vector<CsvField>& row) {
  return std::none_of(row.begin(), row.end(), [](const CsvField& field) {
    return parse_csv_number(field.text).has_value();
  });
}

void add_row(const CsvReader& reader, const std::vector<CsvField>& row, CsvTable& table) {
  if (static_cast<int64_t>(row.size()) != table.columns) {
    reader.fail(row.front(), fmt::format("{} fields", row.size()),
                fmt::format("{}, as in the first line", table.columns));
  }
  for (const CsvField& field : row) {
    const auto value = parse_csv_number(field.text);
    if (!value || !std::isfinite(*value)) reader.fail(field, shown(field.text), "a finite number");
    table.values.push_back(*value);
  }
}

}  // namespace

std::optional<double> parse_csv_number(std::string_view field, bool decimal_comma) {
  constexpr size_t kLongest = 64;
  std::string_view text = trimmed(field);
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  std::array<char, kLongest> copy{};
  if (decimal_comma) {
    if (text.size() > copy.size() || text.find('.') != std::string_view::npos) return std::nullopt;
    std::copy(text.begin(), text.end(), copy.begin());
    std::replace(copy.begin(), copy.begin() + static_cast<std::ptrdiff_t>(text.size()), ',', '.');
    text = {copy.data(), text.size()};
  }
  double value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (stop != end) return std::nullopt;
  if (error == std::errc::result_out_of_range) return std::numeric_limits<double>::infinity();
  if (error != std::errc()) return std::nullopt;
  return value;
}

CsvTable parse_csv(std::string_view text, const std::string& where, const CsvLimits& limits) {
  if (text.size() > limits.bytes) {
    throw DataError({.where = where,
                     .found = format_bytes(static_cast<int64_t>(text.size())),
                     .allowed = "at most " + format_bytes(static_cast<int64_t>(limits.bytes))});
  }
  CsvTable table;
  CsvReader reader(text, where, {}, limits);
  std::optional<CsvField> gap;  // an empty line, which only the end may have
  std::vector<CsvField> row;
  while (reader.next(row)) {
    if (is_empty_line(row)) {
      if (!gap) gap = row.front();
      continue;
    }
    if (gap) reader.fail(*gap, "an empty line", "empty lines at the end only");
    if (table.columns == 0) {
      table.columns = static_cast<int64_t>(row.size());
      if (is_header(row)) {
        for (const CsvField& field : row) table.header.emplace_back(field.text);
        continue;
      }
    }
    add_row(reader, row, table);
  }
  if (table.rows() == 0)
    throw DataError({.where = where, .found = "no rows of numbers", .allowed = "one or more"});
  return table;
}

CsvTable read_csv(const std::filesystem::path& path, const CsvLimits& limits) {
  return parse_csv(read_file(path, limits.bytes), path.string(), limits);
}

}  // namespace ganymede::media
