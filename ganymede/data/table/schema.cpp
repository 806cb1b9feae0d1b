#include "ganymede/data/table/schema.h"

#include <nlohmann/json.hpp>

#include "ganymede/core/error.h"
#include "ganymede/core/text.h"
#include "ganymede/data/table/datetime.h"

namespace ganymede::data {
namespace {

using nlohmann::json;

constexpr int kForm = 1;
constexpr int kMostDecimals = 15;
constexpr size_t kLongestPattern = 200;
constexpr int64_t kMostIds = int64_t{1} << 62;

json to_json(const Column& column) {
  json result = {{"name", column.name}, {"kind", name_of(column.kind)}};
  if (column.is_continuous()) {
    result["minimum"] = column.minimum;
    result["maximum"] = column.maximum;
  }
  if (column.kind == ColumnKind::kNumber) {
    result["decimals"] = column.decimals;
    result["fixed_decimals"] = column.fixed_decimals;
    if (!column.words.empty()) result["words"] = column.words;
  }
  if (column.kind == ColumnKind::kDatetime) result["format"] = column.format;
  if (!column.categories.empty()) {
    result["categories"] = column.categories;
    result["counts"] = column.counts;
  }
  if (column.kind == ColumnKind::kId) {
    result["pattern"] = column.pattern;
    result["next_id"] = column.next_id;
  }
  if (column.missing > 0) {
    result["missing"] = column.missing;
    result["missing_text"] = column.missing_text;
  }
  return result;
}

Column column_from_json(const json& from, const std::string& where) {
  Column column;
  column.name = from.at("name");
  column.kind = column_kind(from.at("kind"), where);
  column.minimum = from.value("minimum", 0.0);
  column.maximum = from.value("maximum", 0.0);
  column.decimals = from.value("decimals", 0);
  column.fixed_decimals = from.value("fixed_decimals", true);
  column.words = from.value("words", column.words);
  column.format = from.value("format", column.format);
  column.categories = from.value("categories", column.categories);
  column.counts = from.value("counts", column.counts);
  column.pattern = from.value("pattern", column.pattern);
  column.next_id = from.value("next_id", column.next_id);
  column.missing = from.value("missing", column.missing);
  column.missing_text = from.value("missing_text", column.missing_text);
  if (column.categories.size() != column.counts.size() ||
      (column.is_discrete() && column.categories.empty())) {
    throw DataError({.where = where,
                     .found = "column " + json_string(column.name) + " with " +
                              std::to_string(column.counts.size()) + " counts for " +
                              std::to_string(column.categories.size()) + " categories",
                     .allowed = "a count for each category"});
  }
  const bool ranged =
      column.minimum <= column.maximum && column.decimals >= -1 && column.decimals <= kMostDecimals;
  const bool counted =
      column.pattern.size() <= kLongestPattern && column.next_id >= 0 && column.next_id < kMostIds;
  if (!ranged || !counted) {
    throw DataError({.where = where,
                     .found = "column " + json_string(column.name) + ": " + from.dump(),
                     .allowed = "a range that rises, -1 to 15 decimals, ids that can be counted"});
  }
  if (column.kind == ColumnKind::kDatetime) check_datetime_format(column.format, where);
  return column;
}

}  // namespace

int64_t TableSchema::find(std::string_view name) const {
  for (size_t c = 0; c < columns.size(); ++c) {
    if (columns[c].name == name) return static_cast<int64_t>(c);
  }
  return -1;
}

int64_t TableSchema::at(std::string_view name, const std::string& where) const {
  const int64_t found = find(name);
  if (found >= 0) return found;
  std::vector<std::string> names;
  for (const Column& column : columns) names.push_back(column.name);
  const auto near = did_you_mean(name, names);
  throw UsageError({.where = where,
                    .found = "no column " + json_string(name),
                    .allowed = join(names),
                    .remedy = near ? *near : ""});
}

json to_json(const TableSchema& schema) {
  json columns = json::array();
  for (const Column& column : schema.columns) columns.push_back(to_json(column));
  return {{"table_schema", kForm},
          {"delimiter", std::string(1, schema.dialect.delimiter)},
          {"decimal_comma", schema.dialect.decimal_comma},
          {"encoding", schema.dialect.latin1 ? "latin-1" : "utf-8"},
          {"header", schema.header},
          {"rows", schema.rows},
          {"missing", schema.missing},
          {"columns", columns}};
}

TableSchema schema_from_json(const json& from, const std::string& where) {
  try {
    if (from.at("table_schema") != kForm) {
      throw DataError({.where = where,
                       .found = "form " + from["table_schema"].dump() + " of a table schema",
                       .allowed = std::to_string(kForm)});
    }
    TableSchema schema;
    const std::string delimiter = from.at("delimiter");
    if (delimiter.size() == 1) schema.dialect.delimiter = delimiter[0];
    schema.dialect.decimal_comma = from.value("decimal_comma", false);
    schema.dialect.latin1 = from.value("encoding", "utf-8") == "latin-1";
    schema.header = from.value("header", true);
    schema.rows = from.value("rows", int64_t{0});
    schema.missing = from.value("missing", default_missing());
    for (const json& column : from.at("columns")) {
      schema.columns.push_back(column_from_json(column, where));
    }
    return schema;
  } catch (const json::exception& error) {
    throw DataError({.where = where, .found = error.what(), .allowed = "a table's schema"});
  }
}

}  // namespace ganymede::data
