#include "ganymede/config/value.h"

#include <charconv>
#include <cmath>
#include <cstdio>

namespace ganymede::config {
namespace {

template <class T>
std::string list_text(const std::vector<T>& items, std::string (*item_text)(const T&)) {
  std::string text = "[";
  for (const T& item : items) {
    if (text.size() > 1) text += ", ";
    text += item_text(item);
  }
  return text + "]";
}

std::string integer_text(const int64_t& number) { return std::to_string(number); }
std::string number_text(const double& number) { return exact_number(number); }
std::string string_text(const std::string& text) { return toml_string(text); }

struct LiteralWriter {
  std::string operator()(bool value) const { return value ? "true" : "false"; }
  std::string operator()(int64_t value) const { return std::to_string(value); }
  std::string operator()(double value) const { return exact_number(value); }
  std::string operator()(const std::string& value) const { return toml_string(value); }
  std::string operator()(const std::vector<int64_t>& value) const {
    return list_text(value, integer_text);
  }
  std::string operator()(const std::vector<double>& value) const {
    return list_text(value, number_text);
  }
  std::string operator()(const std::vector<std::string>& value) const {
    return list_text(value, string_text);
  }
};

bool is_empty_list(const Value& value) {
  return std::visit(
      [](const auto& held) {
        using Held = std::decay_t<decltype(held)>;
        if constexpr (std::is_arithmetic_v<Held> || std::is_same_v<Held, std::string>)
          return false;
        else
          return held.empty();
      },
      value);
}

Value empty_list(Type type) {
  if (type == Type::kIntegers) return std::vector<int64_t>{};
  if (type == Type::kNumbers) return std::vector<double>{};
  return std::vector<std::string>{};
}

// Length of the UTF-8 sequence at the start of `text`, 0 when it is not one (overlong forms,
// surrogates and code points past U+10FFFF included).
size_t utf8_length(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  const size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i)
    if ((byte(i) & 0xC0) != 0x80) return 0;
  const bool overlong = (lead == 0xE0 && byte(1) < 0xA0) || (lead == 0xF0 && byte(1) < 0x90);
  const bool beyond = (lead == 0xED && byte(1) > 0x9F) || (lead == 0xF4 && byte(1) > 0x8F);
  return overlong || beyond ? 0 : length;
}

}  // namespace

bool is_list(Type type) { return type >= Type::kIntegers; }

const char* type_word(Type type) {
  switch (type) {
    case Type::kBool:
      return "bool";
    case Type::kInteger:
      return "integer";
    case Type::kNumber:
      return "number";
    case Type::kString:
      return "string";
    case Type::kIntegers:
      return "list of integers";
    case Type::kNumbers:
      return "list of numbers";
    case Type::kStrings:
      return "list of strings";
  }
  return "unknown";
}

std::optional<Value> convert(const Value& value, Type wanted) {
  if (type_of(value) == wanted) return value;
  if (is_list(wanted) && is_empty_list(value)) return empty_list(wanted);
  if (wanted == Type::kNumber && type_of(value) == Type::kInteger)
    return static_cast<double>(std::get<int64_t>(value));
  if (wanted == Type::kNumbers && type_of(value) == Type::kIntegers) {
    const auto& integers = std::get<std::vector<int64_t>>(value);
    return std::vector<double>(integers.begin(), integers.end());
  }
  return std::nullopt;
}

std::string exact_number(double number) {
  if (std::isnan(number)) return "nan";
  if (std::isinf(number)) return number < 0 ? "-inf" : "inf";
  const double size = std::fabs(number);
  // Plain decimals for the sizes people write by hand, exponents for the rest; both shortest.
  const bool fixed = size == 0 || (size >= 1e-5 && size < 1e16);
  char buffer[64];
  const auto end = std::to_chars(buffer, buffer + sizeof(buffer), number,
                                 fixed ? std::chars_format::fixed : std::chars_format::scientific);
  std::string text(buffer, end.ptr);
  return text.find_first_of(".e") == std::string::npos ? text + ".0" : text;
}

std::string toml_string(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (c == '\n') {
      quoted += "\\n";
    } else if (c == '\t') {
      quoted += "\\t";
    } else if (byte < 0x20 || byte == 0x7F) {
      char escape[8];
      std::snprintf(escape, sizeof(escape), "\\u%04X", static_cast<unsigned>(byte));
      quoted += escape;
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

std::string toml_literal(const Value& value) { return std::visit(LiteralWriter{}, value); }

std::string plain_text(const Value& value) {
  const auto* text = std::get_if<std::string>(&value);
  return text ? *text : toml_literal(value);
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const size_t length = utf8_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

}  // namespace ganymede::config
