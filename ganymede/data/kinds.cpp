#include "ganymede/data/kinds.h"

#include <algorithm>

#include "ganymede/data/text/text_data.h"

namespace ganymede::data {

const std::vector<DataKind>& data_kinds() {
  static const std::vector<DataKind> kinds = {
      {"text", resembles_text, open_text},
  };
  return kinds;
}

const DataKind* kind_of(const std::filesystem::path& path, const DataConfig& config) {
  const auto& kinds = data_kinds();
  const auto found = std::ranges::find_if(kinds, [&](const DataKind& kind) {
    return config.domain == "auto" ? kind.fits(path, config) : config.domain == kind.domain;
  });
  return found == kinds.end() ? nullptr : &*found;
}

std::vector<std::string> domain_names() {
  std::vector<std::string> names = {"auto", "image", "points", "table"};
  for (const DataKind& kind : data_kinds()) {
    if (std::ranges::find(names, kind.domain) == names.end()) names.emplace_back(kind.domain);
  }
  return names;
}

}  // namespace ganymede::data
