// MNIST, Fashion-MNIST, EMNIST and their like: a pair of IDX files for each split.
#pragma once

#include <filesystem>

#include "ganymede/data/pictures.h"

namespace ganymede::data {

// True when a folder holds IDX pictures under one of their usual names ("*images*-ubyte", ".gz").
bool has_idx_files(const std::filesystem::path& folder);

// `path` is such a folder, or one file of pictures (then the split is what the file is). Labels lie
// beside the pictures under the same name with "labels"; without them the set is unlabelled.
// Throws DataError, UsageError when a folder holds several sets.
PictureSet open_idx(const std::filesystem::path& path, const DataConfig& config);

}  // namespace ganymede::data
