// Voxels as binvox files (Min 2004): a short text header, then runs of equal voxels.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "ganymede/media/voxels.h"

namespace ganymede::media {

// Version 1. In the file y runs fastest, then z, then x; the axes keep their names. Sides of 1 to
// 1024 and at most 2^28 voxels; runs of 1 to 255 voxels of the value 0 or 1 that fill the block
// exactly and end with the file. Throws DataError naming `where`.
Voxels decode_binvox(std::string_view bytes, const std::string& where);
// Throws FileError too.
Voxels read_binvox(const std::filesystem::path& path);

// Throws UsageError when sides and voxels do not fit together.
std::string encode_binvox(const Voxels& voxels);
void write_binvox(const std::filesystem::path& path, const Voxels& voxels);

}  // namespace ganymede::media
