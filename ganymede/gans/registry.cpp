#include "ganymede/gans/registry.h"

#include "ganymede/core/error.h"
#include "ganymede/core/text.h"

namespace ganymede::gans {

void register_all(Registry& registry);  // generated from the files of this folder

const Registry::Entry& Registry::find(const std::string& name) const {
  std::vector<std::string> names;
  for (const Entry& entry : entries_) {
    if (entry.info.name == name) return entry;
    names.push_back(entry.info.name);
  }
  const auto near = did_you_mean(name, names);
  throw UsageError({.where = "gan.name",
                    .found = "no gan is named \"" + name + "\"",
                    .allowed = join(names, ", "),
                    .remedy = near ? "did you mean " + *near + "?" : "gan list"});
}

Registry& registry() {
  static Registry instance = [] {
    Registry filled;
    register_all(filled);
    return filled;
  }();
  return instance;
}

}  // namespace ganymede::gans
