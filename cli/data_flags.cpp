#include "cli/data_flags.h"

namespace ganymede::cli {

data::DataConfig bind_data(const std::vector<DataKey>& keys, const std::vector<std::string>& sets) {
  config::Recipe recipe;
  for (const DataKey& key : keys) {
    recipe.put(key.key, key.value, {config::Source::Kind::kFlag, key.flag});
  }
  for (const std::string& assignment : sets) recipe.set(assignment);
  data::DataConfig config;
  recipe.bind("data", config);
  recipe.check_unknown();
  return config;
}

}  // namespace ganymede::cli
