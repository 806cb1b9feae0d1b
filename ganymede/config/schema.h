// One description of a config struct, from which reading, checking, help and JSON Schema follow.
//
//   struct DcganConfig {
//     int64_t latent_dim = 100;
//     loss::Adversarial loss = loss::Adversarial::kNonSaturating;
//     static void describe(config::Schema<DcganConfig>& s) {
//       s.field("latent_dim", &DcganConfig::latent_dim, "size of z ~ N(0, 1)").range(1, 65536);
//       s.field("loss", &DcganConfig::loss, "adversarial loss");
//     }
//   };
//
// Members: bool, integers (int, int64_t, uint64_t ...), double, std::string, std::vector of
// int64_t, double or std::string, and any enum E with a function found beside it (so that layers
// which do not know config can offer it):
//   inline std::vector<std::pair<const char*, E>> enum_names(E) { return {{"hinge", E::kHinge}}; }
#pragma once

#include <functional>
#include <initializer_list>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "ganymede/config/value.h"

namespace ganymede::config {

// Everything known about one field. Limits and choices of a list hold for each of its elements.
struct FieldInfo {
  std::string name;
  std::string help;
  std::string unit;
  Value default_value;  // the value in the struct when it was bound
  std::optional<double> min;
  std::optional<double> max;
  bool min_exclusive = false;
  bool max_exclusive = false;
  std::vector<Value> choices;

  Type type() const { return type_of(default_value); }
};

// "integer 1..65536", "number > 0", "one of minimax, hinge", "list of integers, each >= 1".
std::string allowed_text(const FieldInfo& info);

// `value` converted to the field's type after the checks of type, range and choice. NaN is never
// allowed; an infinity only where no limit excludes it.
// Throws UsageError with `where`, `key`, what was found, what is allowed and the default.
Value checked(const FieldInfo& info, const Value& value, const std::string& key,
              const std::string& where);

// Adds limits to the field just described.
class FieldRef {
 public:
  explicit FieldRef(FieldInfo& info) : info_(info) {}
  FieldRef& range(double min, double max);  // both included
  FieldRef& at_least(double min);
  FieldRef& at_most(double max);
  FieldRef& above(double min);  // min excluded
  FieldRef& below(double max);  // max excluded
  FieldRef& unit(std::string unit);
  FieldRef& one_of(std::initializer_list<const char*> choices);
  FieldRef& one_of(std::initializer_list<int64_t> choices);
  FieldRef& one_of(const std::vector<std::string>& choices);

 private:
  FieldInfo& info_;
};

// A field of one struct instance behind plain functions.
struct Field {
  FieldInfo info;
  std::function<Value()> get;
  std::function<void(const Value&)> set;  // expects a value of the field's type
};

namespace internal {

template <class E>
Value enum_value(E member) {
  for (const auto& [name, value] : enum_names(E{}))
    if (value == member) return std::string(name);
  return std::string();  // not a choice, so that binding reports it
}

template <class M>
Value to_value(const M& member) {
  if constexpr (std::is_same_v<M, bool>)
    return member;
  else if constexpr (std::is_enum_v<M>)
    return enum_value(member);
  else if constexpr (std::is_integral_v<M>)
    return static_cast<int64_t>(member);
  else
    return member;
}

template <class M>
void from_value(const Value& value, M& member) {
  if constexpr (std::is_enum_v<M>) {
    for (const auto& [name, candidate] : enum_names(M{}))
      if (std::get<std::string>(value) == name) member = candidate;
  } else if constexpr (std::is_integral_v<M> && !std::is_same_v<M, bool>) {
    member = static_cast<M>(std::get<int64_t>(value));
  } else {
    member = std::get<M>(value);
  }
}

template <class M>
FieldInfo field_info(std::string name, const M& member, std::string help) {
  FieldInfo info;
  info.name = std::move(name);
  info.help = std::move(help);
  info.default_value = to_value(member);
  if constexpr (std::is_enum_v<M>) {
    for (const auto& entry : enum_names(M{})) info.choices.emplace_back(std::string(entry.first));
  } else if constexpr (std::is_integral_v<M> && !std::is_same_v<M, bool>) {
    if (std::is_unsigned_v<M>) info.min = 0;
    if (sizeof(M) < sizeof(int64_t)) {
      info.min = static_cast<double>(std::numeric_limits<M>::min());
      info.max = static_cast<double>(std::numeric_limits<M>::max());
    }
  }
  return info;
}

}  // namespace internal

// Collects the fields of one instance of T; handed to T::describe.
template <class T>
class Schema {
 public:
  explicit Schema(T& object) : object_(&object) {}

  // The member may belong to T or to a base of T. The FieldRef is for chaining, not for keeping.
  template <class M, class Owner>
  FieldRef field(std::string name, M Owner::* member, std::string help) {
    M& target = object_->*member;
    fields_.push_back({internal::field_info(std::move(name), target, std::move(help)),
                       [&target] { return internal::to_value(target); },
                       [&target](const Value& value) { internal::from_value(value, target); }});
    return FieldRef(fields_.back().info);
  }

  std::vector<Field> take() { return std::move(fields_); }

 private:
  T* object_;
  std::vector<Field> fields_;
};

// A struct instance bound to a dotted section such as "train", "gan" or "optimizer.D"; "" holds the
// top-level keys. Code without templates reads, checks and writes it by field name.
class Section {
 public:
  // Views `object`, which must outlive the section. The defaults are its present values.
  template <class T>
  static Section of(std::string name, T& object) {
    Schema<T> schema(object);
    T::describe(schema);
    return Section(std::move(name), schema.take(), nullptr);
  }

  // Owns a default-made T: for help and schemas without a run.
  template <class T>
  static Section defaults(std::string name) {
    auto object = std::make_shared<T>();
    Schema<T> schema(*object);
    T::describe(schema);
    return Section(std::move(name), schema.take(), object);
  }

  const std::string& name() const { return name_; }
  const std::vector<Field>& fields() const { return fields_; }
  // "train.batch"; just the field's name in the section "".
  std::string key(const FieldInfo& info) const;

  // Null when there is no such field.
  const Field* find(std::string_view field) const;

  // Throws UsageError for an unknown field (with a suggestion) or a value that is not allowed;
  // `where` (the key when empty) says in the error where the value came from.
  Value get(std::string_view field) const;
  void set(std::string_view field, const Value& value, const std::string& where = {});

 private:
  Section(std::string name, std::vector<Field> fields, std::shared_ptr<void> owner);
  const Field& at(std::string_view field) const;

  std::string name_;
  std::vector<Field> fields_;
  std::shared_ptr<void> owner_;
};

}  // namespace ganymede::config
