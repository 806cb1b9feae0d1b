// A recipe: layered values of a run (parents < recipe file < --set and flags), each with its
// source, which are bound to config structs and printed back in full.
//
//   Recipe recipe = Recipe::load("dcgan/fashion-mnist");
//   recipe.set("train.batch=64");
//   recipe.bind("train", train_config);
//   recipe.bind("gan", dcgan_config);
//   recipe.check_unknown();
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ganymede/config/embedded.h"
#include "ganymede/config/schema.h"

namespace ganymede::config {

// Where a value came from. `text` reads as a place: "fashion.toml:12:8", "--set train.batch=64",
// "--batch", "default"; kComputed is a value the program changed after binding.
struct Source {
  enum class Kind { kDefault, kRecipe, kSet, kFlag, kComputed };
  Kind kind = Kind::kDefault;
  std::string text = "default";
};

// One line of `--dry-run`; `value` is a TOML literal.
struct ExplainRow {
  std::string key;
  std::string value;
  Source source;
  std::string help;
};

// Recipes built into the program: name ("dcgan/fashion-mnist") and TOML text.
using Catalogue = std::vector<std::pair<std::string_view, std::string_view>>;

class Recipe {
 public:
  // An empty recipe: everything at its default.
  Recipe() = default;

  // An existing file, or else a built-in recipe by name. Its `parent` (a path relative to the file,
  // or a built-in name) is read first and overridden. Throws UsageError with file:line:column for
  // TOML that does not parse, values of unsupported kinds, missing parents and cycles of parents,
  // and with the nearest names for an unknown recipe.
  static Recipe load(const std::string& name_or_path,
                     const Catalogue& builtin = embedded_recipes());

  // TOML text held in memory; `label` names it in errors. Its parent is a built-in name.
  static Recipe parse(std::string_view toml, const std::string& label,
                      const Catalogue& builtin = embedded_recipes());

  // "a.b=c" as given to --set: c is a TOML value, or a bare word taken as a string
  // (gan.loss=hinge). A later set wins. Throws UsageError when malformed.
  void set(std::string_view assignment);
  void set(std::string_view assignment, Source source);

  // A value from the program or one of its flags. Wins over everything before it.
  void put(const std::string& key, Value value, Source source);

  // The raw value of a dotted key, before any binding (to learn which gan is meant).
  std::optional<Value> find(const std::string& key) const;
  // Its place, for errors of the caller; nothing when the key was not given.
  std::optional<Source> source_of(const std::string& key) const;

  // Writes the given values of `section` into `object`, which must outlive the recipe. Several
  // structs may share a section when their fields differ. Throws UsageError (place, key, found,
  // allowed, default) for a wrong type, range or choice.
  template <class T>
  void bind(const std::string& section, T& object) {
    bind(Section::of(section, object));
  }
  void bind(Section section);
  const std::vector<Section>& sections() const { return sections_; }

  // After the last bind: throws UsageError when a given key belongs to no section, with its place
  // and the nearest known key.
  void check_unknown() const;

  // The resolved recipe: every field of every bound section with its present value, sections in
  // order of binding, help as comments. Loading it again gives identical structs.
  std::string to_toml() const;

  // The same content as rows with the source of each value.
  std::vector<ExplainRow> explain() const;

 private:
  friend class RecipeReader;
  struct Entry {
    Value value;
    Source source;
    std::string key_place;           // where the key itself stands
    std::optional<std::string> raw;  // text of --set, used when a string is wanted
    bool empty_table = false;
  };

  void apply(Section& section, const Field& field);
  void check_new_key(const std::string& key) const;
  [[noreturn]] void fail_unknown(const std::vector<std::string>& unknown) const;
  std::string default_of(const std::string& key) const;
  std::vector<const Section*> in_writing_order() const;

  std::map<std::string, Entry> entries_;
  std::vector<Section> sections_;
  std::map<std::string, Value> bound_;  // values just after binding, by known key
};

}  // namespace ganymede::config
