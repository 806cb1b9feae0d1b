#include "ganymede/data/voxels/solid.h"

#include <algorithm>
#include <array>

namespace ganymede::data {

int64_t usual_side(int64_t stored) {
  for (const int64_t side : {16, 32, 64}) {
    if (stored <= side) return side;
  }
  return 128;
}

media::Voxels fit_solid(const media::Voxels& solid, int64_t side) {
  const int64_t longest = std::max({solid.sides[0], solid.sides[1], solid.sides[2]});
  const int64_t factor = (longest + side - 1) / side;
  media::Voxels out{.sides = {side, side, side}, .scale = solid.scale};
  out.filled.assign(static_cast<size_t>(out.count()), 0);
  std::array<int64_t, 3> margin = {};
  for (size_t d = 0; d < 3; ++d) margin[d] = (side - (solid.sides[d] + factor - 1) / factor) / 2;
  size_t from = 0;
  for (int64_t x = 0; x < solid.sides[0]; ++x) {
    for (int64_t y = 0; y < solid.sides[1]; ++y) {
      for (int64_t z = 0; z < solid.sides[2]; ++z, ++from) {
        if (solid.filled[from] == 0) continue;
        const int64_t to = ((x / factor + margin[0]) * side + y / factor + margin[1]) * side +
                           z / factor + margin[2];
        out.filled[static_cast<size_t>(to)] = 1;
      }
    }
  }
  return out;
}

std::vector<uint8_t> packed_bits(const std::vector<uint8_t>& filled) {
  std::vector<uint8_t> bits((filled.size() + 7) / 8, 0);
  for (size_t i = 0; i < filled.size(); ++i) {
    if (filled[i] != 0) bits[i / 8] = static_cast<uint8_t>(bits[i / 8] | 1U << (i % 8));
  }
  return bits;
}

}  // namespace ganymede::data
