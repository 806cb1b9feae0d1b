// Points from a text file.
#pragma once

#include <filesystem>

#include "ganymede/data/pictures.h"

namespace ganymede::data {

// One point per line: 1 to 3 columns of numbers, and perhaps a column headed "label" with the class
// (0, 1, ...). Throws DataError with line and column.
Source open_csv(const std::filesystem::path& path, const DataConfig& config);

// Whether the first lines are such points: comma-separated, 1 to 3 columns of numbers and perhaps a
// label. False for a file that is no table at all. Throws FileError.
bool resembles_points(const std::filesystem::path& path);

}  // namespace ganymede::data
