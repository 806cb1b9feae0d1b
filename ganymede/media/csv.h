// Tables of numbers as text, RFC 4180: fields between commas, lines ended by LF or CRLF, quotes
// around a field with "" for a quote inside.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace ganymede::media {

struct CsvTable {
  std::vector<std::string> header;  // one name per column, or empty
  int64_t columns = 0;
  std::vector<double> values;  // rows * columns, row by row; all finite

  int64_t rows() const { return columns == 0 ? 0 : static_cast<int64_t>(values.size()) / columns; }
};

struct CsvLimits {
  size_t bytes = size_t{1} << 30;
  int64_t columns = 4096;
};

// Every field is a finite decimal number, except in a first line of which no field is a number: a
// header. A byte order mark is passed over, and so are empty lines at the end. Throws DataError as
// where:line:column for anything else: a field that is no number, rows of different length, quotes
// that do not close, sizes beyond the limits, no rows.
CsvTable parse_csv(std::string_view text, const std::string& where, const CsvLimits& limits = {});

// Throws FileError or DataError.
CsvTable read_csv(const std::filesystem::path& path, const CsvLimits& limits = {});

}  // namespace ganymede::media
