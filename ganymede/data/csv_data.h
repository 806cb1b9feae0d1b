// Points from a text file.
#pragma once

#include <filesystem>

#include "ganymede/data/pictures.h"

namespace ganymede::data {

// One point per line: 1 to 3 columns of numbers, and perhaps a column headed "label" with the class
// (0, 1, ...). Throws DataError with line and column.
Source open_csv(const std::filesystem::path& path, const DataConfig& config);

}  // namespace ganymede::data
