// Solids as data: arrays of voxels, .binvox files and .off meshes.
#pragma once

#include <filesystem>

#include "ganymede/data/dataset.h"

namespace ganymede::data {

// Whether `path` is a .binvox or .off file, a folder of such files (and no pictures), or a .npy or
// .npz with an array of cubes: [N, S, S, S], [N, 1, S, S, S] or [N, S, S, S, 1], S from 8.
bool voxels_fit(const std::filesystem::path& path, const DataConfig& config);

// Samples float32 [1, S, S, S] of 0 (empty) and 1 (filled), axes x, y, z with z upward. S is
// config.size_px or, with 0, the smallest of 16, 32, 64, 128 that holds the stored ones (meshes:
// 32). Smaller solids are centred; larger ones are coarsened by a whole factor, a voxel being
// filled where any of its parts is. In arrays, integers count as filled above 0, fractions above
// 0.5. Arrays are named voxels, X_train, x, arr_0, data or samples (split test: X_test), labels
// y_train, y, labels or arr_1; folders give splits and classes by name, as with pictures.
// Broken files are skipped and listed unless config.strict. Throws DataError, FileError.
std::shared_ptr<Dataset> open_voxels(const std::filesystem::path& path, const DataConfig& config,
                                     Progress* progress);

}  // namespace ganymede::data
