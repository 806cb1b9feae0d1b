// NumPy arrays as data: pictures of bytes, or points of floats.
#pragma once

#include <filesystem>

#include "ganymede/data/pictures.h"

namespace ganymede::data {

// A .npy array, or (`archive`) a .npz with an array named images, arr_0, x, data or samples, and
// perhaps labels in labels, y or arr_1. uint8 [N, H, W], [N, H, W, C] or [N, C, H, W] are pictures;
// float32 or float64 [N, D] with D <= 3 are points. Throws DataError saying which arrays are there.
Source open_npy(const std::filesystem::path& path, bool archive, const DataConfig& config);

}  // namespace ganymede::data
