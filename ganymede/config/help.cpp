#include "ganymede/config/help.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

#include "ganymede/core/text.h"

namespace ganymede::config {
namespace {

using nlohmann::json;
using Row = std::array<std::string, 5>;  // key, type, default, allowed, help

std::string limits_text(const FieldInfo& info) {
  if (!info.min && !info.max && info.choices.empty()) return "";
  const std::string text = allowed_text(info);
  const std::string word = type_word(info.type());
  if (!info.choices.empty() || !text.starts_with(word)) return text;
  return text.substr(text.find_first_not_of(", ", word.size()));
}

Row help_row(const Section& section, const FieldInfo& info) {
  const std::string unit = info.unit.empty() ? "" : " [" + info.unit + "]";
  return {section.key(info), type_word(info.type()), toml_literal(info.default_value),
          limits_text(info), info.help + unit};
}

json to_json(const Value& value) {
  return std::visit([](const auto& held) { return json(held); }, value);
}

// JSON has no infinities; such limits and defaults are left out.
bool in_json(const Value& value) {
  const auto finite = [](double number) { return std::isfinite(number); };
  if (const auto* number = std::get_if<double>(&value)) return finite(*number);
  if (const auto* numbers = std::get_if<std::vector<double>>(&value))
    return std::all_of(numbers->begin(), numbers->end(), finite);
  return true;
}

const char* scalar_type(Type type) {
  switch (type) {
    case Type::kBool:
      return "boolean";
    case Type::kInteger:
    case Type::kIntegers:
      return "integer";
    case Type::kNumber:
    case Type::kNumbers:
      return "number";
    case Type::kString:
    case Type::kStrings:
      return "string";
  }
  return "null";
}

json limit_json(const FieldInfo& info, double limit) {
  const bool integer = info.type() == Type::kInteger || info.type() == Type::kIntegers;
  if (integer && limit == std::floor(limit) && std::fabs(limit) < 9e18)
    return static_cast<int64_t>(limit);
  return limit;
}

json scalar_schema(const FieldInfo& info) {
  json schema = {{"type", scalar_type(info.type())}};
  if (info.min && std::isfinite(*info.min))
    schema[info.min_exclusive ? "exclusiveMinimum" : "minimum"] = limit_json(info, *info.min);
  if (info.max && std::isfinite(*info.max))
    schema[info.max_exclusive ? "exclusiveMaximum" : "maximum"] = limit_json(info, *info.max);
  for (const Value& choice : info.choices) schema["enum"].push_back(to_json(choice));
  return schema;
}

json field_schema(const FieldInfo& info) {
  json schema = scalar_schema(info);
  if (is_list(info.type())) schema = {{"type", "array"}, {"items", std::move(schema)}};
  if (in_json(info.default_value)) schema["default"] = to_json(info.default_value);
  schema["description"] = info.help;
  if (!info.unit.empty()) schema["x-unit"] = info.unit;
  return schema;
}

json object_schema() {
  return {{"type", "object"}, {"properties", json::object()}, {"additionalProperties", false}};
}

// The schema of the table at a dotted path, made on the way.
json& table_at(json& root, const std::string& path) {
  json* table = &root;
  for (size_t begin = 0; begin < path.size();) {
    const size_t end = std::min(path.find('.', begin), path.size());
    json& properties = (*table)["properties"];
    const std::string part = path.substr(begin, end - begin);
    if (!properties.contains(part)) properties[part] = object_schema();
    table = &properties[part];
    begin = end + 1;
  }
  return *table;
}

}  // namespace

std::string help_text(const std::vector<Section>& sections) {
  std::vector<Row> rows = {{"key", "type", "default", "allowed", "meaning"}};
  for (const Section& section : sections)
    for (const Field& field : section.fields()) rows.push_back(help_row(section, field.info));
  std::array<size_t, 5> widths{};
  for (const Row& row : rows)
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], display_width(row[i]));
  std::string text;
  for (const Row& row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i)
      line += row[i] + std::string(widths[i] - display_width(row[i]) + 2, ' ');
    text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return text;
}

json schema_json(const std::vector<Section>& sections, const std::string& title) {
  json root = object_schema();
  root["$schema"] = "https://json-schema.org/draft/2020-12/schema";
  root["title"] = title;
  root["properties"]["parent"] = {
      {"type", "string"},
      {"description", "recipe that this one changes: a built-in name, or a path from this file"}};
  for (const Section& section : sections) {
    json& table = table_at(root, section.name());
    for (const Field& field : section.fields())
      table["properties"][field.info.name] = field_schema(field.info);
  }
  return root;
}

}  // namespace ganymede::config
