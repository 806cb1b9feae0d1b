// A config value without its C++ type: what TOML, --set, help and JSON Schema share.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace ganymede::config {

using Value = std::variant<bool, int64_t, double, std::string, std::vector<int64_t>,
                           std::vector<double>, std::vector<std::string>>;

// The alternatives of Value, in its order.
enum class Type : size_t { kBool, kInteger, kNumber, kString, kIntegers, kNumbers, kStrings };

inline Type type_of(const Value& value) { return static_cast<Type>(value.index()); }
bool is_list(Type type);

// "bool", "integer", "number", "string", "list of integers", ...
const char* type_word(Type type);

// `value` as `wanted` when nothing is lost in meaning: an integer serves as a number, a list of
// integers as a list of numbers, an empty list as any list. Otherwise nothing.
std::optional<Value> convert(const Value& value, Type wanted);

// The value as a TOML literal. Doubles print the shortest text that reads back as the same bits
// (-0.0, inf and nan included) and always look like a float; strings are escaped basic strings.
std::string toml_literal(const Value& value);
std::string toml_string(std::string_view text);
std::string exact_number(double number);

// As toml_literal, but strings without quotes: for tables and choices read by people.
std::string plain_text(const Value& value);

bool is_utf8(std::string_view text);

}  // namespace ganymede::config
