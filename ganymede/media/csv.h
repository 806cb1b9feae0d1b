// Tables as text, RFC 4180: fields between delimiters, lines ended by LF, CRLF or CR (each file by
// one of them), quotes around a field with "" for a quote inside.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
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
  size_t bytes = size_t{1} << 30;  // of a whole text that is parsed at once
  int64_t columns = 4096;
  size_t field_bytes = size_t{1} << 20;
};

// How a file writes its table.
struct CsvDialect {
  char delimiter = ',';
  bool decimal_comma = false;  // "3,14"; only beside another delimiter
  bool latin1 = false;         // bytes are ISO 8859-1 instead of UTF-8
  bool operator==(const CsvDialect&) const = default;
};

// A field, valid until the next row is read. A quoted field has its quotes taken off.
struct CsvField {
  std::string_view text;
  int64_t line = 0;  // both from 1, of its first byte
  int64_t column = 0;
  bool quoted = false;
};

// Reads row by row in memory of about one row. Text of Latin-1 files comes out as UTF-8.
class CsvReader {
 public:
  // The text outlives the reader.
  CsvReader(std::string_view text, std::string where, const CsvDialect& dialect = {},
            const CsvLimits& limits = {});
  // Throws FileError when it cannot be opened.
  explicit CsvReader(const std::filesystem::path& path, const CsvDialect& dialect = {},
                     const CsvLimits& limits = {});
  ~CsvReader();
  CsvReader(const CsvReader&) = delete;
  CsvReader& operator=(const CsvReader&) = delete;

  // The next line's fields; false at the end. Empty lines are a row of one empty field. Throws
  // DataError as where:line:column for quotes that do not close or stand inside a field, NUL bytes,
  // UTF-16, lines that end in another way than the first, and sizes beyond the limits.
  bool next(std::vector<CsvField>& row);
  // Throws DataError at this field.
  [[noreturn]] void fail(const CsvField& field, const std::string& found,
                         const std::string& allowed = {}, const std::string& remedy = {}) const;
  const std::string& where() const { return where_; }
  // Bytes read so far: for progress.
  int64_t bytes() const;

 private:
  struct State;
  std::string where_;
  std::unique_ptr<State> state_;
};

// The delimiter (comma, semicolon, tab or bar) that gives the first lines of a text equally many
// fields, and the most; a comma for a single column.
char sniff_delimiter(std::string_view beginning);

// A number as CSV writes it: decimal digits with a point or, with `decimal_comma`, a comma, perhaps
// a sign and an exponent, spaces around it. Infinity where it is too large; nothing for any other
// text.
std::optional<double> parse_csv_number(std::string_view text, bool decimal_comma = false);

// With quotes where the delimiter, quotes or line ends in `text` need them.
void append_csv_field(std::string& line, std::string_view text, char delimiter);

// Every field is a finite decimal number, except in a first line of which no field is a number: a
// header. A byte order mark is passed over, and so are empty lines at the end. Throws DataError as
// where:line:column for anything else: a field that is no number, rows of different length, quotes
// that do not close, sizes beyond the limits, no rows.
CsvTable parse_csv(std::string_view text, const std::string& where, const CsvLimits& limits = {});

// Throws FileError or DataError.
CsvTable read_csv(const std::filesystem::path& path, const CsvLimits& limits = {});

}  // namespace ganymede::media
