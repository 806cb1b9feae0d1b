// A command's own flags as keys of [data].
#pragma once

#include <string>
#include <vector>

#include "ganymede/config/recipe.h"
#include "ganymede/data/dataset.h"

namespace ganymede::cli {

struct DataKey {
  const char* key;  // "data.path"
  config::Value value;
  const char* flag;  // for messages: "--data"
};

// The flags and then --set data.key=value, with the checks that a recipe gets.
data::DataConfig bind_data(const std::vector<DataKey>& keys, const std::vector<std::string>& sets);

}  // namespace ganymede::cli
