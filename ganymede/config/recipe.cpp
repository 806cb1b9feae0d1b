#include "ganymede/config/recipe.h"

#include <algorithm>
#include <cctype>

#include "ganymede/core/error.h"
#include "ganymede/core/text.h"
#include "ganymede/core/version.h"

namespace ganymede::config {
namespace {

bool is_below(std::string_view key, std::string_view prefix) {
  return key.size() > prefix.size() && key.starts_with(prefix) && key[prefix.size()] == '.';
}

std::string last_part(const std::string& key) { return key.substr(key.rfind('.') + 1); }

std::string lower_case(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

// The same last part elsewhere ("lr" for "optimizer.D.lr") is a better guess than a near spelling.
std::optional<std::string> nearest_key(const std::string& key,
                                       const std::vector<std::string>& known) {
  std::vector<std::string> same_name;
  for (const std::string& candidate : known)
    if (last_part(candidate) == last_part(key)) same_name.push_back(candidate);
  if (same_name.empty()) return did_you_mean(key, known);
  const auto distance = [&](const std::string& candidate) {
    return edit_distance(lower_case(candidate), lower_case(key));
  };
  return *std::min_element(
      same_name.begin(), same_name.end(),
      [&](const std::string& a, const std::string& b) { return distance(a) < distance(b); });
}

// What may stand where the unknown `key` stands: the keys of its section, if there is such a one.
std::string keys_near(const std::string& key, const std::vector<std::string>& keys,
                      const std::vector<std::string>& sections) {
  const size_t dot = key.rfind('.');
  std::vector<std::string> near;
  for (const std::string& known : keys)
    if (is_below(known, key) || (dot != key.npos && is_below(known, key.substr(0, dot))))
      near.push_back(known);
  if (!near.empty()) return join(near);
  for (const std::string& known : keys)
    if (known.find('.') == known.npos) near.push_back(known);
  return (near.empty() ? "" : join(near) + ", ") + "keys of the sections " + join(sections);
}

std::string comment_text(const FieldInfo& info) {
  std::string text = info.help + (info.unit.empty() ? "" : " [" + info.unit + "]");
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; }, ' ');
  return text.empty() ? "" : "  # " + text;
}

}  // namespace

void Recipe::put(const std::string& key, Value value, Source source) {
  const std::string where = source.text;
  entries_.insert_or_assign(key, Entry{std::move(value), std::move(source), where, std::nullopt});
}

std::optional<Value> Recipe::find(const std::string& key) const {
  const auto entry = entries_.find(key);
  if (entry == entries_.end() || entry->second.empty_table) return std::nullopt;
  return entry->second.value;
}

std::optional<Source> Recipe::source_of(const std::string& key) const {
  const auto entry = entries_.find(key);
  if (entry == entries_.end() || entry->second.empty_table) return std::nullopt;
  return entry->second.source;
}

void Recipe::bind(Section section) {
  for (const Field& field : section.fields()) {
    check_new_key(section.key(field.info));
    apply(section, field);
  }
  sections_.push_back(std::move(section));
}

void Recipe::check_new_key(const std::string& key) const {
  if (key == "parent") throw UsageError({key, "a field named parent", "any other name"});
  for (const auto& [known, unused] : bound_)
    if (known == key || is_below(known, key) || is_below(key, known))
      throw UsageError({key, "bound although " + known + " is bound already",
                        "one struct for each key", "rename the field or its section"});
}

void Recipe::apply(Section& section, const Field& field) {
  const std::string key = section.key(field.info);
  if (const auto found = entries_.find(key); found != entries_.end()) {
    const Entry& entry = found->second;
    if (entry.empty_table)
      throw UsageError({entry.key_place, key + " is a table", allowed_text(field.info)});
    const bool wants_raw =
        entry.raw && field.info.type() == Type::kString && type_of(entry.value) != Type::kString;
    section.set(field.info.name, wants_raw ? Value(*entry.raw) : entry.value, entry.source.text);
  }
  bound_[key] = field.get();
}

void Recipe::check_unknown() const {
  std::vector<std::string> unknown;
  for (const auto& [key, entry] : entries_) {
    bool known = bound_.contains(key);
    if (entry.empty_table)
      known = std::any_of(sections_.begin(), sections_.end(), [&, &key = key](const Section& s) {
        return s.name() == key || is_below(s.name(), key);
      });
    if (!known) unknown.push_back(key);
  }
  if (!unknown.empty()) fail_unknown(unknown);
}

void Recipe::fail_unknown(const std::vector<std::string>& unknown) const {
  const std::string& key = unknown.front();
  const Entry& entry = entries_.at(key);
  ErrorParts parts{entry.key_place, "unknown key " + key};
  std::vector<std::string> keys, sections;
  for (const Section* section : in_writing_order()) {
    if (!section->name().empty()) sections.push_back(section->name());
    for (const Field& field : section->fields()) keys.push_back(section->key(field.info));
  }

  const bool is_section =
      std::any_of(keys.begin(), keys.end(), [&](const std::string& k) { return is_below(k, key); });
  if (is_section) parts.found = key + " is a section, not a value";
  for (size_t i = 1; i < unknown.size(); ++i)
    parts.found +=
        (i == 1 ? ", also " : ", ") + unknown[i] + " at " + entries_.at(unknown[i]).key_place;

  std::optional<std::string> guess;
  if (!is_section) guess = nearest_key(key, entry.empty_table ? sections : keys);
  if (guess)
    parts.remedy =
        entry.empty_table ? "[" + *guess + "]" : *guess + " (default " + default_of(*guess) + ")";
  else
    parts.allowed = keys_near(key, keys, sections);
  throw UsageError(std::move(parts));
}

std::string Recipe::default_of(const std::string& key) const {
  for (const Section& section : sections_)
    for (const Field& field : section.fields())
      if (section.key(field.info) == key) return toml_literal(field.info.default_value);
  return {};
}

std::string Recipe::to_toml() const {
  std::string text = std::string("# Resolved recipe of Ganymede ") + kVersion +
                     ": every value of the run; training from it repeats the run.\n";
  const Section* previous = nullptr;
  for (const Section* section : in_writing_order()) {
    const bool same = previous && previous->name() == section->name();
    if (!same && !section->name().empty()) text += "\n[" + section->name() + "]\n";
    for (const Field& field : section->fields())
      text += field.info.name + " = " + toml_literal(field.get()) + comment_text(field.info) + "\n";
    previous = section;
  }
  return text;
}

std::vector<ExplainRow> Recipe::explain() const {
  std::vector<ExplainRow> rows;
  for (const Section* section : in_writing_order()) {
    for (const Field& field : section->fields()) {
      const std::string key = section->key(field.info);
      Source source = source_of(key).value_or(Source{});
      if (field.get() != bound_.at(key)) source = {Source::Kind::kComputed, "computed"};
      rows.push_back({key, toml_literal(field.get()), source, field.info.help});
    }
  }
  return rows;
}

// Top-level keys must come before the first table; structs that share a section follow each other.
std::vector<const Section*> Recipe::in_writing_order() const {
  std::vector<const Section*> order;
  const auto add_all = [&](const std::string& name) {
    for (const Section& section : sections_)
      if (section.name() == name) order.push_back(&section);
  };
  add_all("");
  for (const Section& section : sections_)
    if (std::find(order.begin(), order.end(), &section) == order.end()) add_all(section.name());
  return order;
}

}  // namespace ganymede::config
