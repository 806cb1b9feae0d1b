// Kinds of data beside pictures, points and tables: adding one is one entry in kinds.cpp.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "ganymede/core/progress.h"
#include "ganymede/data/dataset.h"

namespace ganymede::data {

struct DataKind {
  const char* domain;  // what data.domain says to choose it
  // Whether `path`, which exists, is data of this kind, where data.domain is "auto". Looks at names
  // and first bytes only.
  bool (*fits)(const std::filesystem::path& path, const DataConfig& config);
  // Throws DataError or FileError naming file and place.
  std::shared_ptr<Dataset> (*open)(const std::filesystem::path& path, const DataConfig& config,
                                   Progress* progress);
};

const std::vector<DataKind>& data_kinds();

// The kind that config.domain names or, with "auto", the first that fits; null: none of these.
const DataKind* kind_of(const std::filesystem::path& path, const DataConfig& config);

// What data.domain may be: auto, image, points, table and those of data_kinds().
std::vector<std::string> domain_names();

}  // namespace ganymede::data
