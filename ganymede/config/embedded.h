// The recipes of this project, carried inside the library: no file is needed to use one.
#pragma once

#include <string_view>
#include <utility>
#include <vector>

namespace ganymede::config {

// Name ("dcgan/fashion-mnist") and TOML text of every file below recipes/, in order of name.
const std::vector<std::pair<std::string_view, std::string_view>>& embedded_recipes();

}  // namespace ganymede::config
