// What people and other tools say about a table's columns.
#include <nlohmann/json.hpp>

#include "ganymede/core/error.h"
#include "ganymede/core/files.h"
#include "ganymede/core/text.h"
#include "ganymede/data/table/datetime.h"
#include "ganymede/data/table/schema.h"

namespace ganymede::data {
namespace {

using nlohmann::json;

constexpr size_t kMostBytes = size_t{1} << 24;

[[noreturn]] void refuse(const std::string& where, const std::string& found,
                         const std::string& allowed) {
  throw DataError({.where = where, .found = found, .allowed = allowed});
}

ColumnHint own_hint(const json& from, const std::string& where) {
  ColumnHint hint;
  hint.name = from.at("name");
  if (from.contains("kind")) hint.kind = column_kind(from["kind"], where);
  hint.format = from.value("format", "");
  hint.words = from.value("words", hint.words);
  if (from.contains("minimum")) hint.minimum = from["minimum"].get<double>();
  if (from.contains("maximum")) hint.maximum = from["maximum"].get<double>();
  if (from.contains("decimals")) hint.decimals = from["decimals"].get<int>();
  return hint;
}

// CTGAN's benchmark tables. What it calls ordinal are categories with an order.
ColumnHint ctgan_hint(const json& from, const std::string& where) {
  const std::string type = from.at("type");
  ColumnHint hint;
  hint.name = from.at("name");
  if (type == "continuous") {
    hint.kind = ColumnKind::kNumber;
  } else if (type == "categorical" || type == "ordinal") {
    hint.kind = ColumnKind::kCategory;
  } else {
    refuse(where, "the type " + json_string(type), "continuous, categorical, ordinal");
  }
  return hint;
}

// The kinds that say how values look (e-mail, name, address ...) are regenerated like ids there.
ColumnHint sdv_hint(const std::string& name, const json& from) {
  const std::string type = from.at("sdtype");
  ColumnHint hint;
  hint.name = name;
  if (type == "numerical") {
    hint.kind = ColumnKind::kNumber;
  } else if (type == "categorical") {
    hint.kind = ColumnKind::kCategory;
  } else if (type == "boolean") {
    hint.kind = ColumnKind::kBoolean;
  } else if (type == "datetime") {
    hint.kind = ColumnKind::kDatetime;
    hint.format = from.value("datetime_format", "");
  } else if (type != "unknown") {
    hint.kind = ColumnKind::kId;
  }
  return hint;
}

const json& sdv_table(const json& from, const std::string& where) {
  if (!from.contains("tables")) return from;
  const json& tables = from["tables"];
  if (tables.is_object() && tables.size() == 1) return tables.begin().value();
  refuse(where, std::to_string(tables.size()) + " tables", "metadata of one table");
}

void add_list(const json& list, const std::string& where, SchemaHints& hints) {
  for (const json& entry : list) {
    if (entry.is_string()) {
      hints.columns.push_back({.name = entry, .kind = ColumnKind::kCategory});
    } else if (entry.contains("type")) {
      hints.columns.push_back(ctgan_hint(entry, where));
    } else {
      hints.columns.push_back(own_hint(entry, where));
    }
  }
}

}  // namespace

SchemaHints schema_hints(const json& from, const std::string& where) {
  SchemaHints hints;
  try {
    if (from.is_array()) {
      add_list(from, where, hints);
    } else if (from.contains("discrete_columns")) {
      add_list(from["discrete_columns"], where, hints);
    } else {
      const json& table = sdv_table(from, where);
      const json& columns = table.at("columns");
      if (columns.is_object()) {
        for (const auto& [name, column] : columns.items()) {
          hints.columns.push_back(sdv_hint(name, column));
        }
      } else {
        add_list(columns, where, hints);
      }
      if (table.contains("missing"))
        hints.missing = table["missing"].get<std::vector<std::string>>();
      if (table.contains("header")) hints.header = table["header"].get<bool>();
    }
  } catch (const json::exception& error) {
    refuse(where, error.what(),
           "a schema as gan data schema writes it, SDV metadata, or a list of discrete columns");
  }
  for (const ColumnHint& hint : hints.columns) {
    if (!hint.format.empty()) check_datetime_format(hint.format, where);
  }
  return hints;
}

SchemaHints read_schema_hints(const std::filesystem::path& path) {
  const json from = json::parse(read_file(path, kMostBytes), nullptr, /*allow_exceptions=*/false);
  if (from.is_discarded()) refuse(path.string(), "text that is not JSON", "a schema");
  return schema_hints(from, path.string());
}

}  // namespace ganymede::data
