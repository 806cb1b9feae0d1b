// Recipe input: TOML files, built-in recipes, parents and --set. The only user of toml++.
#include <toml++/toml.h>

#include <algorithm>
#include <filesystem>

#include "ganymede/config/recipe.h"
#include "ganymede/core/error.h"
#include "ganymede/core/files.h"
#include "ganymede/core/text.h"

namespace ganymede::config {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxRecipeBytes = size_t{16} << 20;

std::string place(const std::string& label, const toml::source_region& region) {
  return label + ":" + std::to_string(region.begin.line) + ":" +
         std::to_string(region.begin.column);
}

bool is_bare(std::string_view key) {
  const auto bare = [](unsigned char c) { return std::isalnum(c) || c == '_' || c == '-'; };
  return !key.empty() && std::all_of(key.begin(), key.end(), bare);
}

// Keys that could be mistaken for several parts keep their quotes.
std::string join_key(const std::string& prefix, std::string_view key) {
  const std::string part =
      key.empty() || key.find('.') != std::string_view::npos ? toml_string(key) : std::string(key);
  return prefix.empty() ? part : prefix + "." + part;
}

bool is_dotted_bare(std::string_view key) {
  while (true) {
    const size_t dot = key.find('.');
    if (!is_bare(key.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    key.remove_prefix(dot + 1);
  }
}

std::string_view trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

[[noreturn]] void fail_kind(const std::string& where, const std::string& found) {
  throw UsageError({where, found, "true, false, numbers, strings, and lists of numbers or strings",
                    "quote it if a string is meant"});
}

template <class T>
std::vector<T> elements(const toml::array& array) {
  std::vector<T> items;
  for (const auto& node : array) items.push_back(*node.value<T>());
  return items;
}

Value list_value(const toml::array& array, const std::string& key, const std::string& where) {
  const auto all = [&](auto test) { return std::all_of(array.begin(), array.end(), test); };
  if (all([](const toml::node& n) { return n.is_integer(); })) return elements<int64_t>(array);
  if (all([](const toml::node& n) { return n.is_number(); })) return elements<double>(array);
  if (all([](const toml::node& n) { return n.is_string(); })) return elements<std::string>(array);
  fail_kind(where, key + " is a list of mixed or nested values");
}

Value node_value(const toml::node& node, const std::string& key, const std::string& where) {
  if (const auto* flag = node.as_boolean()) return flag->get();
  if (const auto* integer = node.as_integer()) return integer->get();
  if (const auto* number = node.as_floating_point()) return number->get();
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* array = node.as_array()) return list_value(*array, key, where);
  fail_kind(where, key + " is a date or time");
}

toml::table parse_toml(std::string_view text, const std::string& label) {
  try {
    return toml::parse(text, label);
  } catch (const toml::parse_error& error) {
    throw UsageError({place(label, error.source()), std::string(error.description()),
                      "TOML: key = value, with strings in quotes"});
  }
}

std::vector<std::string> names_of(const Catalogue& builtin) {
  std::vector<std::string> names;
  for (const auto& entry : builtin) names.emplace_back(entry.first);
  return names;
}

const std::string_view* builtin_text(const Catalogue& builtin, std::string_view name) {
  for (const auto& [known, text] : builtin)
    if (known == name) return &text;
  return nullptr;
}

}  // namespace

// Reads one recipe with its parents into a Recipe.
class RecipeReader {
 public:
  explicit RecipeReader(const Catalogue& builtin) : builtin_(builtin) {}

  // False when `name` is neither a file below `folder` nor a built-in recipe.
  bool read_named(const std::string& name, const fs::path& folder, const std::string& asked_at) {
    const fs::path path = (folder / name).lexically_normal();
    std::error_code ignored;
    if (fs::is_regular_file(path, ignored)) {
      read_text(read_file(path, kMaxRecipeBytes), path.string(),
                fs::weakly_canonical(path).string(), path.parent_path(), asked_at);
      return true;
    }
    return read_builtin(name, asked_at);
  }

  bool read_builtin(const std::string& name, const std::string& asked_at) {
    const std::string_view* text = builtin_text(builtin_, name);
    if (text) read_text(*text, name, "built-in " + name, std::nullopt, asked_at);
    return text != nullptr;
  }

  // Reads the parent first. `id` names the text in cycles; `folder` is where relative parents lie.
  void read_text(std::string_view text, const std::string& label, const std::string& id,
                 const std::optional<fs::path>& folder, const std::string& asked_at) {
    check_cycle(id, label, asked_at);
    chain_.push_back({id, label});
    toml::table table = parse_toml(text, label);
    if (const toml::node* parent = table.get("parent")) {
      read_parent(*parent, label, folder);
      table.erase("parent");
    }
    add_table(recipe_, "", table, [&](const toml::source_region& region) {
      return Source{Source::Kind::kRecipe, place(label, region)};
    });
    chain_.pop_back();
  }

  Recipe take() { return std::move(recipe_); }

  template <class MakeSource>
  static void add_table(Recipe& recipe, const std::string& prefix, const toml::table& table,
                        const MakeSource& source_at) {
    for (const auto& [key, node] : table) {
      const std::string full = join_key(prefix, key.str());
      add_node(recipe, full, node, source_at(key.source()).text, source_at);
    }
  }

  template <class MakeSource>
  static void add_node(Recipe& recipe, const std::string& key, const toml::node& node,
                       const std::string& key_place, const MakeSource& source_at) {
    const Source source = source_at(node.source());
    if (const toml::table* table = node.as_table()) {
      if (!table->empty()) return add_table(recipe, key, *table, source_at);
      Recipe::Entry header{Value(false), source, key_place, std::nullopt, true};
      recipe.entries_.insert_or_assign(key, std::move(header));
      return;
    }
    const Value value = node_value(node, key, source.text);
    recipe.entries_.insert_or_assign(key, Recipe::Entry{value, source, key_place, std::nullopt});
  }

 private:
  struct Link {
    std::string id;
    std::string label;
  };

  void read_parent(const toml::node& node, const std::string& label,
                   const std::optional<fs::path>& folder) {
    const std::string where = place(label, node.source());
    const auto name = node.value_exact<std::string>();
    const char* allowed = "the name of a built-in recipe, or the path of a recipe file from here";
    if (!name || name->empty()) throw UsageError({where, "parent is not a name", allowed});
    const bool found = folder ? read_named(*name, *folder, where) : read_builtin(*name, where);
    if (found) return;
    const auto guess = did_you_mean(*name, names_of(builtin_));
    throw UsageError({where, "parent \"" + *name + "\" does not exist", allowed,
                      guess ? "parent = " + toml_string(*guess) : ""});
  }

  void check_cycle(const std::string& id, const std::string& label, const std::string& asked_at) {
    const auto same = [&](const Link& link) { return link.id == id; };
    auto link = std::find_if(chain_.begin(), chain_.end(), same);
    if (link == chain_.end()) return;
    std::string path;
    for (; link != chain_.end(); ++link) path += link->label + " -> ";
    throw UsageError({asked_at, "parents form a cycle: " + path + label,
                      "a chain of parents that ends", "remove one of these parent lines"});
  }

  const Catalogue& builtin_;
  Recipe recipe_;
  std::vector<Link> chain_;
};

namespace {

// The TOML value that the text of --set spells, or nothing when it is to be taken as a bare word.
std::optional<toml::table> parse_set_value(std::string_view text, const std::string& where) {
  const bool structured = !text.empty() && std::string_view("\"'[{").find(text[0]) != text.npos;
  if (text.find_first_of("\r\n") != text.npos && !structured) return std::nullopt;
  try {
    toml::table table = toml::parse("v = " + std::string(text));
    if (table.size() != 1)
      throw UsageError({where, "more than one key", "one key=value", "one --set for each key"});
    const bool date =
        table.get("v")->is_date() || table.get("v")->is_time() || table.get("v")->is_date_time();
    if (!date) return table;
  } catch (const toml::parse_error& error) {
    if (structured)
      throw UsageError({where, std::string(error.description()),
                        "a TOML value, or a bare word for a string",
                        "quote each string of a list, and the whole argument for the shell"});
  }
  return std::nullopt;
}

}  // namespace

Recipe Recipe::load(const std::string& name_or_path, const Catalogue& builtin) {
  RecipeReader reader(builtin);
  if (reader.read_named(name_or_path, "", name_or_path)) return reader.take();
  const char* allowed = "the path of a recipe file, or the name of a built-in recipe";
  std::error_code ignored;
  if (fs::is_directory(name_or_path, ignored))
    throw UsageError({name_or_path, "a folder, not a recipe", allowed});
  const auto guess = did_you_mean(name_or_path, names_of(builtin));
  throw UsageError({name_or_path, "no such recipe", allowed,
                    guess ? *guess : "`gan list` shows the built-in recipes"});
}

Recipe Recipe::parse(std::string_view toml, const std::string& label, const Catalogue& builtin) {
  RecipeReader reader(builtin);
  reader.read_text(toml, label, label, std::nullopt, label);
  return reader.take();
}

void Recipe::set(std::string_view assignment) {
  set(assignment, {Source::Kind::kSet, "--set " + std::string(assignment)});
}

void Recipe::set(std::string_view assignment, Source source) {
  const size_t equals = assignment.find('=');
  const std::string key(trimmed(assignment.substr(0, equals)));
  if (equals == std::string_view::npos || !is_dotted_bare(key))
    throw UsageError(
        {source.text, "not an assignment", "key=value with a dotted key", "--set train.batch=64"});
  const std::string text(trimmed(assignment.substr(equals + 1)));
  if (!is_utf8(text)) throw UsageError({key, "the value of --set is not UTF-8 text", "UTF-8"});
  const auto parsed = parse_set_value(text, source.text);
  if (!parsed) return put(key, text, std::move(source));
  RecipeReader::add_node(*this, key, *parsed->get("v"), source.text,
                         [&](const toml::source_region&) { return source; });
  if (const auto entry = entries_.find(key); entry != entries_.end()) entry->second.raw = text;
}

}  // namespace ganymede::config
