// Pictures of solids: a small renderer in software.
#pragma once

#include <array>

#include "ganymede/media/image.h"
#include "ganymede/media/mesh.h"

namespace ganymede::media {

struct SolidViewOptions {
  int size_px = 128;
  double azimuth_deg = 35;    // of the eye around the z axis, from -y toward +x
  double elevation_deg = 25;  // above the horizon
  Color color = {122, 172, 218};
  Color background = {255, 255, 255};
};

// The mesh as an eye far away sees it (parallel projection, z upward), RGB [size, size]: hidden
// parts by a depth buffer, light by Lambert's law with normals smoothed over neighbouring
// triangles, edges averaged over 2 x 2. `sides` is the block it was cut from, whichever part of it
// is filled: all samples of a shape appear in one scale. Throws UsageError for a size outside 8 to
// 4096 px.
Image render_solid(const Mesh& mesh, const std::array<int64_t, 3>& sides,
                   const SolidViewOptions& options = {});

}  // namespace ganymede::media
