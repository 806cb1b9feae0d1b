#include "ganymede/config/schema.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>

#include "ganymede/core/error.h"
#include "ganymede/core/text.h"

namespace ganymede::config {
namespace {

bool is_bare_key(std::string_view name) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  };
  return !name.empty() && std::all_of(name.begin(), name.end(), allowed);
}

// Applies `test` to the value, or to each element of a list, as a scalar Value.
template <class Test>
bool each_scalar(const Value& value, Test test) {
  return std::visit(
      [&](const auto& held) {
        using Held = std::decay_t<decltype(held)>;
        if constexpr (std::is_arithmetic_v<Held> || std::is_same_v<Held, std::string>) {
          return test(Value(held));
        } else {
          return std::all_of(held.begin(), held.end(),
                             [&](const auto& item) { return test(Value(item)); });
        }
      },
      value);
}

bool in_range(const FieldInfo& info, double number) {
  if (std::isnan(number)) return false;
  if (info.min && (info.min_exclusive ? number <= *info.min : number < *info.min)) return false;
  if (info.max && (info.max_exclusive ? number >= *info.max : number > *info.max)) return false;
  return true;
}

bool scalar_fits(const FieldInfo& info, const Value& scalar) {
  if (!info.choices.empty() &&
      std::find(info.choices.begin(), info.choices.end(), scalar) == info.choices.end())
    return false;
  if (const auto* integer = std::get_if<int64_t>(&scalar))
    return in_range(info, static_cast<double>(*integer));
  if (const auto* number = std::get_if<double>(&scalar)) return in_range(info, *number);
  if (const auto* text = std::get_if<std::string>(&scalar)) return is_utf8(*text);
  return true;
}

// The checked value, or nothing when it is not allowed.
std::optional<Value> fitting(const FieldInfo& info, const Value& value) {
  auto converted = convert(value, info.type());
  if (converted && each_scalar(*converted, [&](const Value& v) { return scalar_fits(info, v); }))
    return converted;
  return std::nullopt;
}

std::string limit_text(double limit) {
  std::string text = exact_number(limit);
  if (text.size() > 2 && text.ends_with(".0")) text.resize(text.size() - 2);
  return text;
}

std::string range_text(const FieldInfo& info) {
  if (info.min && info.max && !info.min_exclusive && !info.max_exclusive)
    return limit_text(*info.min) + ".." + limit_text(*info.max);
  std::string text;
  if (info.min) text = (info.min_exclusive ? "> " : ">= ") + limit_text(*info.min);
  if (info.min && info.max) text += " and ";
  if (info.max) text += (info.max_exclusive ? "< " : "<= ") + limit_text(*info.max);
  return text;
}

std::vector<std::string> choice_names(const FieldInfo& info) {
  std::vector<std::string> names(info.choices.size());
  std::transform(info.choices.begin(), info.choices.end(), names.begin(), plain_text);
  return names;
}

std::optional<Value> number_in(const std::string& text, Type type) {
  int64_t integer = 0;
  double number = 0;
  const char* end = text.data() + text.size();
  if (type == Type::kInteger && std::from_chars(text.data(), end, integer).ptr == end)
    return integer;
  if (type == Type::kNumber && std::from_chars(text.data(), end, number).ptr == end) return number;
  return std::nullopt;
}

// What was probably meant by a value that is not allowed: 64 for 64.0 or "64", the nearest choice
// for a misspelt one.
std::optional<Value> nearest_allowed(const FieldInfo& info, const Value& value) {
  std::optional<Value> guess;
  const auto* number = std::get_if<double>(&value);
  const auto* text = std::get_if<std::string>(&value);
  if (number && info.type() == Type::kInteger && std::fabs(*number) < 1e15 &&
      *number == std::floor(*number))
    guess = static_cast<int64_t>(*number);
  if (text && !text->empty()) guess = number_in(*text, info.type());
  if (text && info.type() == Type::kString) {
    if (auto name = did_you_mean(*text, choice_names(info))) guess = *name;
  }
  return guess && fitting(info, *guess) ? guess : std::nullopt;
}

}  // namespace

std::string allowed_text(const FieldInfo& info) {
  const bool list = is_list(info.type());
  if (!info.choices.empty()) return (list ? "list of " : "one of ") + join(choice_names(info));
  if (info.type() == Type::kBool) return "true or false";
  const std::string range = range_text(info);
  const std::string word = type_word(info.type());
  return range.empty() ? word : word + (list ? ", each " : " ") + range;
}

Value checked(const FieldInfo& info, const Value& value, const std::string& key,
              const std::string& where) {
  if (auto fit = fitting(info, value)) return *fit;
  const auto guess = nearest_allowed(info, value);
  const auto* text = std::get_if<std::string>(&value);
  const bool readable = !text || is_utf8(*text);
  throw UsageError(
      {where, key + (readable ? " = " + toml_literal(value) : " holds bytes that are not UTF-8"),
       allowed_text(info) + " (default " + toml_literal(info.default_value) + ")",
       guess ? key + " = " + toml_literal(*guess) : ""});
}

FieldRef& FieldRef::range(double min, double max) { return at_least(min).at_most(max); }

FieldRef& FieldRef::at_least(double min) {
  info_.min = min;
  info_.min_exclusive = false;
  return *this;
}

FieldRef& FieldRef::at_most(double max) {
  info_.max = max;
  info_.max_exclusive = false;
  return *this;
}

FieldRef& FieldRef::above(double min) {
  info_.min = min;
  info_.min_exclusive = true;
  return *this;
}

FieldRef& FieldRef::below(double max) {
  info_.max = max;
  info_.max_exclusive = true;
  return *this;
}

FieldRef& FieldRef::unit(std::string unit) {
  info_.unit = std::move(unit);
  return *this;
}

FieldRef& FieldRef::one_of(std::initializer_list<const char*> choices) {
  return one_of(std::vector<std::string>(choices.begin(), choices.end()));
}

FieldRef& FieldRef::one_of(std::initializer_list<int64_t> choices) {
  info_.choices.assign(choices.begin(), choices.end());
  return *this;
}

FieldRef& FieldRef::one_of(const std::vector<std::string>& choices) {
  info_.choices.assign(choices.begin(), choices.end());
  return *this;
}

Section::Section(std::string name, std::vector<Field> fields, std::shared_ptr<void> owner)
    : name_(std::move(name)), fields_(std::move(fields)), owner_(std::move(owner)) {
  std::set<std::string> names;
  for (const Field& field : fields_) {
    const std::string full = key(field.info);
    if (!is_bare_key(field.info.name))
      throw UsageError({full, "a field named \"" + field.info.name + "\"",
                        "letters, digits, _ and -", "rename it in describe()"});
    if (!names.insert(field.info.name).second)
      throw UsageError({full, "described twice", "one description", "remove one of them"});
    checked(field.info, field.info.default_value, full, "default of " + full);
  }
}

std::string Section::key(const FieldInfo& info) const {
  return name_.empty() ? info.name : name_ + "." + info.name;
}

const Field* Section::find(std::string_view field) const {
  const auto found = std::find_if(fields_.begin(), fields_.end(),
                                  [&](const Field& f) { return f.info.name == field; });
  return found == fields_.end() ? nullptr : &*found;
}

const Field& Section::at(std::string_view field) const {
  if (const Field* found = find(field)) return *found;
  std::vector<std::string> names(fields_.size());
  std::transform(fields_.begin(), fields_.end(), names.begin(),
                 [](const Field& f) { return f.info.name; });
  const auto guess = did_you_mean(field, names);
  throw UsageError({name_.empty() ? "top level" : name_, "no field \"" + std::string(field) + "\"",
                    join(names), guess.value_or("")});
}

Value Section::get(std::string_view field) const { return at(field).get(); }

void Section::set(std::string_view field, const Value& value, const std::string& where) {
  const Field& target = at(field);
  const std::string full = key(target.info);
  target.set(checked(target.info, value, full, where.empty() ? full : where));
}

}  // namespace ganymede::config
