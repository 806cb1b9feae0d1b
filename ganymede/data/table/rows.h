// The rows of a table's file: one after the other, all of one length.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "ganymede/media/csv.h"

namespace ganymede::data {

class TableRows {
 public:
  TableRows(const std::filesystem::path& path, const media::CsvDialect& dialect)
      : reader_(path, dialect) {}

  // The next row; empty lines at the end are none. Throws DataError for a row of another length
  // than the first and for an empty line between rows.
  bool next(std::vector<media::CsvField>& row);
  const media::CsvReader& reader() const { return reader_; }

 private:
  media::CsvReader reader_;
  std::optional<media::CsvField> gap_;
  size_t width_ = 0;
};

// How the file is written, by its first lines and, for the encoding, all of its bytes.
media::CsvDialect find_dialect(const std::filesystem::path& path);

// Whether the first of two rows holds names.
bool is_header(const std::vector<std::string>& first, const std::vector<std::string>& second,
               const media::CsvDialect& dialect);

std::string_view trimmed(std::string_view text);

}  // namespace ganymede::data
