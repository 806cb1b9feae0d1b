// A solid as a block of small cubes, each empty or filled.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace ganymede::media {

// `filled` holds 0 or 1 at (x * sides[1] + y) * sides[2] + z. In the world, the block's corner of
// smallest coordinates lies at `translate` and its longest side is `scale` long.
struct Voxels {
  std::array<int64_t, 3> sides = {0, 0, 0};  // along x, y, z
  std::vector<uint8_t> filled = {};
  std::array<double, 3> translate = {0, 0, 0};
  double scale = 1;

  int64_t count() const { return sides[0] * sides[1] * sides[2]; }
  bool operator==(const Voxels&) const = default;
};

// Longest side that readers and writers accept.
inline constexpr int64_t kLongestVoxelSide = 1024;

}  // namespace ganymede::media
