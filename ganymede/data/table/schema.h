// The columns of a table and how its file writes them: inferred, shown to people, and corrected by
// them.
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
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

// What a person says about some columns; the rest is inferred. Three forms are read: parts of the
// JSON above, SDV metadata ("columns": {name: {"sdtype": ...}}, also below "tables"), and CTGAN's
// {"columns": [{"name", "type": continuous | categorical | ordinal}]} or a list of names (the
// discrete columns).
struct SchemaHint {
  std::string name;
  ColumnKind kind = ColumnKind::kCategory;
  std::string format = {};                // of times
  std::vector<std::string> words = {};    // among numbers
  std::vector<std::string> missing = {};  // further spellings of missing, of the whole file
};
std::vector<SchemaHint> schema_hints(const nlohmann::json& json, const std::string& where);
// Throws FileError, DataError.
std::vector<SchemaHint> read_schema_hints(const std::filesystem::path& path);

// Reads the file once or twice in bounded memory: delimiter, encoding, header, columns. Throws
// DataError with line and column; a hint for a column that is not there is a UsageError.
TableSchema infer_schema(const std::filesystem::path& path,
                         const std::vector<SchemaHint>& hints = {}, int64_t row_limit = 0);

}  // namespace ganymede::data
