// From a file to its schema.
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "ganymede/core/error.h"
#include "ganymede/core/log.h"
#include "ganymede/core/text.h"
#include "ganymede/data/table/profile.h"
#include "ganymede/data/table/rows.h"
#include "ganymede/data/table/schema.h"

namespace ganymede::data {
namespace {

using Texts = std::vector<std::string>;

Texts texts_of(const std::vector<media::CsvField>& row) {
  Texts texts;
  for (const media::CsvField& field : row) texts.emplace_back(field.text);
  return texts;
}

Texts column_names(const TableRows& rows, const std::vector<media::CsvField>& first, bool header) {
  Texts names;
  TextSet seen;
  for (size_t c = 0; c < first.size(); ++c) {
    names.push_back(header ? std::string(first[c].text) : fmt::format("column {}", c + 1));
    if (seen.insert(names.back()).second) continue;
    rows.reader().fail(first[c], "the column name " + json_string(names.back()) + " again",
                       "different names");
  }
  return names;
}

std::vector<const ColumnHint*> hints_by_column(const Texts& names, const SchemaHints& hints,
                                               const std::string& where) {
  std::vector<const ColumnHint*> result(names.size(), nullptr);
  for (const ColumnHint& hint : hints.columns) {
    const auto found = std::find(names.begin(), names.end(), hint.name);
    if (found == names.end()) {
      const auto near = did_you_mean(hint.name, names);
      throw UsageError({.where = where,
                        .found = "the schema's column " + json_string(hint.name) + " is not there",
                        .allowed = join(names),
                        .remedy = near ? "\"" + *near + "\"" : ""});
    }
    result[static_cast<size_t>(found - names.begin())] = &hint;
  }
  return result;
}

// Reads the first two rows, which settle whether there is a header.
bool find_header(const std::filesystem::path& path, const media::CsvDialect& dialect) {
  TableRows rows(path, dialect);
  std::vector<media::CsvField> row;
  if (!rows.next(row)) {
    throw DataError(
        {.where = path.string() + ":1:1", .found = "no rows", .allowed = "a header and rows"});
  }
  const Texts first = texts_of(row);
  const Texts second = rows.next(row) ? texts_of(row) : Texts();
  return is_header(first, second, dialect);
}

}  // namespace

const std::vector<std::string>& default_missing() {
  static const std::vector<std::string> spellings = {"",     "NA",   "N/A", "n/a", "<NA>", "#N/A",
                                                     "NaN",  "nan",  "NAN", "NaT", "null", "NULL",
                                                     "Null", "None", "?",   "-",   "."};
  return spellings;
}

TableSchema infer_schema(const std::filesystem::path& path, const SchemaHints& hints,
                         int64_t row_limit) {
  TableSchema schema;
  schema.dialect = find_dialect(path);
  schema.missing = default_missing();
  for (const std::string& text : hints.missing) {
    if (std::find(schema.missing.begin(), schema.missing.end(), text) == schema.missing.end()) {
      schema.missing.emplace_back(trimmed(text));
    }
  }
  if (schema.dialect.latin1) {
    log_warning("[{}] is not UTF-8 and is read as Latin-1; what is written is UTF-8",
                path.string());
  }
  schema.header = hints.header ? *hints.header : find_header(path, schema.dialect);
  const TextSet missing(schema.missing.begin(), schema.missing.end());
  TableRows rows(path, schema.dialect);
  std::vector<media::CsvField> row;
  if (!rows.next(row)) {
    throw DataError(
        {.where = path.string() + ":1:1", .found = "no rows", .allowed = "a header and rows"});
  }
  const Texts names = column_names(rows, row, schema.header);
  const auto by_column = hints_by_column(names, hints, path.string());
  std::vector<ColumnProfile> profiles;
  for (size_t c = 0; c < names.size(); ++c) {
    profiles.emplace_back(names[c], by_column[c], missing, rows.reader(),
                          schema.dialect.decimal_comma);
  }
  bool more = schema.header ? rows.next(row) : true;
  while (more && (row_limit == 0 || schema.rows < row_limit)) {
    for (size_t c = 0; c < row.size(); ++c) profiles[c].add(row[c]);
    ++schema.rows;
    more = rows.next(row);
  }
  if (schema.rows == 0) {
    throw DataError({.where = path.string() + ":1:1",
                     .found = "a header and no rows",
                     .allowed = "one row or more"});
  }
  for (const ColumnProfile& profile : profiles) schema.columns.push_back(profile.finish());
  return schema;
}

}  // namespace ganymede::data
