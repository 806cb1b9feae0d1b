// Meshes as OFF files (Object File Format), as ModelNet has them; and solids from them.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "ganymede/media/mesh.h"
#include "ganymede/media/voxels.h"

namespace ganymede::media {

// Text only: "OFF" (the counts may stand on the same line, as in ModelNet), vertices, faces; lines
// from '#' are comments, colours behind a face are left out. Faces of 3 to 256 corners become fans
// of triangles. At most 2^24 vertices and as many triangles; every count is compared with what is
// left of the file before memory is asked for. Throws DataError naming `where` and the line.
Mesh decode_off(std::string_view bytes, const std::string& where);
// Throws FileError too.
Mesh read_off(const std::filesystem::path& path);

// The mesh, scaled so that its longest side spans `side` - 2 * `margin` voxels and centred in a
// block of side^3: voxels that the surface passes through, and all that no way leads to from
// outside. Throws DataError naming `where` for a mesh without triangles or extent, UsageError for a
// side outside 4 to 1024 or a margin that leaves nothing.
Voxels voxelize(const Mesh& mesh, int64_t side, int64_t margin, const std::string& where);

}  // namespace ganymede::media
