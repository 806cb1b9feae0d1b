// The columns of a table and how its file writes them: inferred, shown to people, and corrected by
// them.
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ganymede/data/table/column.h"
#include "ganymede/media/csv.h"

namespace ganymede::data {

struct TableSchema {
  media::CsvDialect dialect = {};
  bool header = true;  // the first line holds names
  int64_t rows = 0;    // of the source
  // Texts that mean a missing cell, without spaces around them.
  std::vector<std::string> missing = {};
  std::vector<Column> columns = {};

  // Place of a column; -1 when there is none of this name.
  int64_t find(std::string_view name) const;
  // Throws UsageError with `where` and a did-you-mean.
  int64_t at(std::string_view name, const std::string& where) const;
  bool operator==(const TableSchema&) const = default;
};

// "", "NA", "N/A", "n/a", "NaN", "nan", "null", "NULL", "None", "#N/A", "?" and their like.
const std::vector<std::string>& default_missing();

// The schema as people read and correct it, and as models keep it.
nlohmann::json to_json(const TableSchema& schema);
// Of a table whose file need not be there. Throws DataError with `where` for keys and values of
// another kind.
TableSchema schema_from_json(const nlohmann::json& json, const std::string& where);

// What a person says of a column; the rest is inferred.
struct ColumnHint {
  std::string name;
  std::optional<ColumnKind> kind = {};
  std::string format = {};              // of times
  std::vector<std::string> words = {};  // among numbers
  std::optional<double> minimum = {}, maximum = {};
  std::optional<int> decimals = {};
};

struct SchemaHints {
  std::vector<ColumnHint> columns = {};
  std::vector<std::string> missing = {};  // further spellings
  std::optional<bool> header = {};
};

// Three forms are read: to_json() of a schema, whole or in part; SDV metadata ("columns": {name:
// {"sdtype": ...}}, also below "tables"); CTGAN's {"columns": [{"name", "type": continuous |
// categorical | ordinal}]} and its list of discrete columns, ["name", ...]. Throws DataError.
SchemaHints schema_hints(const nlohmann::json& json, const std::string& where);
// Throws FileError, DataError.
SchemaHints read_schema_hints(const std::filesystem::path& path);

// Reads the file once in bounded memory: delimiter, encoding, header, columns. Throws DataError
// with line and column for a file that is no table, names that repeat, and numbers or dates that
// are none among many that are; UsageError for a hint whose column is not there.
TableSchema infer_schema(const std::filesystem::path& path, const SchemaHints& hints = {},
                         int64_t row_limit = 0);

}  // namespace ganymede::data
