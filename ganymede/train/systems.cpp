#include "ganymede/train/systems.h"

#include <algorithm>

#include "ganymede/config/recipe.h"
#include "ganymede/core/error.h"
#include "ganymede/core/text.h"

namespace ganymede::train {
namespace {

constexpr std::string_view kDefault = "/default";

bool is_gan(const std::string& name) {
  return std::ranges::any_of(gans::registry().entries(),
                             [&](const auto& entry) { return entry.info.name == name; });
}

std::string text_of(const config::Recipe& recipe, const std::string& key) {
  const auto value = recipe.find(key);
  return value && std::holds_alternative<std::string>(*value) ? std::get<std::string>(*value)
                                                              : std::string();
}

System by_recipe(const std::string& name) {
  const config::Recipe recipe = config::Recipe::load(name + std::string(kDefault));
  System system{.info = {}, .gan = text_of(recipe, "gan.name")};
  system.info = gans::registry().find(system.gan).info;
  system.info.name = name;
  system.info.title = text_of(recipe, "about.title");
  system.info.paper = text_of(recipe, "about.paper");
  return system;
}

std::vector<System> all_systems() {
  std::vector<System> all;
  for (const auto& entry : gans::registry().entries()) {
    all.push_back({.info = entry.info, .gan = entry.info.name});
  }
  for (const auto& recipe : config::embedded_recipes()) {
    const std::string_view path = recipe.first;
    if (!path.ends_with(kDefault)) continue;
    const std::string name(path.substr(0, path.size() - kDefault.size()));
    if (!is_gan(name)) all.push_back(by_recipe(name));
  }
  return all;
}

}  // namespace

void About::describe(config::Schema<About>& s) {
  s.field("name", &About::name, "the system, where it is known by another name than the gan's");
  s.field("title", &About::title, "what it is");
  s.field("paper", &About::paper, "where it was published");
}

const std::vector<System>& systems() {
  static const std::vector<System> all = all_systems();
  return all;
}

const System& find_system(const std::string& name) {
  std::vector<std::string> names;
  for (const System& system : systems()) {
    if (system.info.name == name) return system;
    names.push_back(system.info.name);
  }
  const auto near = did_you_mean(name, names);
  throw UsageError({.where = "gan.name",
                    .found = "no gan is named \"" + name + "\"",
                    .allowed = join(names, ", "),
                    .remedy = near ? "did you mean " + *near + "?" : "gan list"});
}

}  // namespace ganymede::train
