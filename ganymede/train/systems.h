// What a person can name: every gan, and every system that is a gan under a recipe of its own. The
// folder recipes/<name>/ is such a system when no gan has its name: default.toml names the gan that
// plays it, and [about] says whose idea it is.
#pragma once

#include <string>
#include <vector>

#include "ganymede/gans/registry.h"

namespace ganymede::train {

// [about]: for runs and lists; changes nothing in training.
struct About {
  std::string name;  // of the system, where it is not the gan's
  std::string title;
  std::string paper;
  static void describe(config::Schema<About>& schema);
};

struct System {
  gans::GanInfo info;
  std::string gan;  // that plays it; info.name for a gan itself
};

// Gans first, then systems by recipe, each in order of name.
const std::vector<System>& systems();
// Throws UsageError with near names.
const System& find_system(const std::string& name);

}  // namespace ganymede::train
