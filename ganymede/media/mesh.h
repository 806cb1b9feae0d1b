// Surfaces of triangles: from a block of numbers by marching cubes, to OBJ and PLY files.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace ganymede::media {

// Triangles run counter-clockwise seen from outside.
struct Mesh {
  std::vector<std::array<float, 3>> vertices;
  std::vector<std::array<uint32_t, 3>> triangles;
};

// The surface where `values` (float32, [x][y][z] with z running fastest) pass `level`; what lies
// outside the block counts as empty, so that the surface has no border and every edge belongs to
// two triangles. A voxel of index i has its centre at i + 0.5. Each cube of eight voxels takes its
// triangles from a table (Lorensen & Cline 1987) that separates filled corners on every face alike,
// from whichever side it is looked at. Throws UsageError when sides and values do not fit.
Mesh marching_cubes(std::span<const float> values, const std::array<int64_t, 3>& sides,
                    float level = 0.5F);

// Vertices - edges + triangles: 2 for a sphere, 0 for a ring, the sum over separate surfaces.
int64_t euler_characteristic(const Mesh& mesh);
// Whether every edge has two triangles that run along it in opposite directions.
bool is_closed(const Mesh& mesh);
// Enclosed by a closed surface, in units of the vertices cubed.
double volume(const Mesh& mesh);
// `other` moved by `offset` and joined to `mesh`. Throws UsageError beyond 2^31 vertices.
void append(Mesh& mesh, const Mesh& other, const std::array<float, 3>& offset);

// Wavefront OBJ: text, indices from 1.
std::string encode_obj(const Mesh& mesh);
enum class PlyForm { kBinary, kText };  // binary: little-endian
std::string encode_ply(const Mesh& mesh, PlyForm form = PlyForm::kBinary);
// By the extension, .obj or .ply (binary); an atomic write. Throws UsageError for another.
void write_mesh(const std::filesystem::path& path, const Mesh& mesh);

}  // namespace ganymede::media
