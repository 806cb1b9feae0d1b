// Solids of different sizes brought to one.
#pragma once

#include <cstdint>
#include <vector>

#include "ganymede/media/voxels.h"

namespace ganymede::data {

// The side that a model is trained at for solids of `stored` voxels: the smallest of 16, 32, 64,
// 128 that holds them; 128 for larger ones.
int64_t usual_side(int64_t stored);

// `solid` in a block of side^3: centred when it is smaller, coarsened by the smallest whole factor
// that makes it fit when it is larger (a voxel is filled where any of its parts is).
media::Voxels fit_solid(const media::Voxels& solid, int64_t side);

// One bit for each voxel, 8 to a byte, the first in the lowest bit.
std::vector<uint8_t> packed_bits(const std::vector<uint8_t>& filled);

}  // namespace ganymede::data
