// The table is worked out from one rule instead of being written down: on each face of a cube,
// every run of filled corners is cut off by a directed line. Both cubes at a face draw the same
// lines there in opposite directions, so the loops that the lines of a cube form close up with its
// neighbours'.
#include <algorithm>
#include <array>
#include <cmath>
#include <utility>
#include <vector>

#include "ganymede/core/error.h"
#include "ganymede/media/mesh.h"

namespace ganymede::media {
namespace {

constexpr int kCorners = 8;
constexpr int kEdges = 12;
constexpr int kCases = 256;
constexpr float kNearestToCorner = 0.01F;  // of an edge: no triangle shrinks to a line

// Corner c lies at (c & 1, c >> 1 & 1, c >> 2). Corners of each face, counter-clockwise from
// outside.
constexpr std::array<std::array<int, 4>, 6> kFaces = {
    {{0, 4, 6, 2}, {1, 3, 7, 5}, {0, 1, 5, 4}, {2, 6, 7, 3}, {0, 2, 3, 1}, {4, 5, 7, 6}}};

// Edges 0-3 run along x, 4-7 along y, 8-11 along z; each begins at its smaller corner.
constexpr int edge_of(int a, int b) {
  const int low = std::min(a, b), axis = (a ^ b) >> 1;  // 1, 2, 4 -> 0, 1, 2
  const int rest = axis == 0 ? low >> 1 : axis == 1 ? (low & 1) | (low >> 1 & 2) : low & 3;
  return axis * 4 + rest;
}

struct EdgeEnds {
  int corner;  // the smaller one
  int axis;
};

std::array<EdgeEnds, kEdges> edge_ends() {
  std::array<EdgeEnds, kEdges> ends = {};
  for (int corner = 0; corner < kCorners; ++corner) {
    for (int axis = 0; axis < 3; ++axis) {
      const int other = corner | 1 << axis;
      if (other != corner) ends[static_cast<size_t>(edge_of(corner, other))] = {corner, axis};
    }
  }
  return ends;
}

using Loop = std::vector<int>;                          // edges whose crossings it joins
using Triangles = std::vector<std::array<uint8_t, 3>>;  // edges

// Where each line that begins at an edge's crossing ends; -1: none begins there.
std::array<int, kEdges> lines_of(unsigned filled) {
  std::array<int, kEdges> next;
  next.fill(-1);
  for (const auto& face : kFaces) {
    for (size_t k = 0; k < 4; ++k) {
      const auto corner = [&](size_t i) { return face[i % 4]; };
      const auto is_in = [&](size_t i) { return (filled >> corner(i) & 1U) != 0; };
      if (is_in(k) || !is_in(k + 1)) continue;
      size_t last = k + 1;  // of the run that begins here
      while (is_in(last + 1)) ++last;
      next[static_cast<size_t>(edge_of(corner(k), corner(k + 1)))] =
          edge_of(corner(last), corner(last + 1));
    }
  }
  return next;
}

bool on_one_face(int edge_a, int edge_b) {
  static const auto ends = edge_ends();
  for (const auto& face : kFaces) {
    const auto holds = [&](int edge) {
      const EdgeEnds& e = ends[static_cast<size_t>(edge)];
      const auto in_face = [&](int corner) {
        return std::ranges::find(face, corner) != face.end();
      };
      return in_face(e.corner) && in_face(e.corner | 1 << e.axis);
    };
    if (holds(edge_a) && holds(edge_b)) return true;
  }
  return false;
}

// A fan from the crossing at which no new side lies in a face of the cube, where the neighbour may
// draw one too.
Triangles fan(const Loop& loop) {
  const size_t n = loop.size();
  for (size_t first = 0; first < n; ++first) {
    bool clean = true;
    for (size_t k = 2; k + 1 < n; ++k) clean &= !on_one_face(loop[first], loop[(first + k) % n]);
    if (!clean) continue;
    Triangles triangles;
    for (size_t k = 1; k + 1 < n; ++k) {
      triangles.push_back({static_cast<uint8_t>(loop[first]),
                           static_cast<uint8_t>(loop[(first + k) % n]),
                           static_cast<uint8_t>(loop[(first + k + 1) % n])});
    }
    return triangles;
  }
  return {};
}

std::array<Triangles, kCases> make_table() {
  std::array<Triangles, kCases> table;
  for (unsigned filled = 0; filled < kCases; ++filled) {
    auto next = lines_of(filled);
    for (int edge = 0; edge < kEdges; ++edge) {
      Loop loop;
      for (int at = edge; next[static_cast<size_t>(at)] >= 0;) {
        loop.push_back(at);
        at = std::exchange(next[static_cast<size_t>(at)], -1);
      }
      if (!loop.empty()) std::ranges::copy(fan(loop), std::back_inserter(table[filled]));
    }
  }
  return table;
}

// Walks the cubes between voxel centres, one layer beyond the block on every side.
class Marcher {
 public:
  Marcher(std::span<const float> values, const std::array<int64_t, 3>& sides, float level)
      : values_(values), sides_(sides), level_(level) {
    for (auto& layer : made_) layer.assign(static_cast<size_t>((sides[1] + 2) * row()), kNone);
  }

  Mesh march() {
    for (int64_t x = -1; x < sides_[0]; ++x) {
      for (int64_t y = -1; y < sides_[1]; ++y) {
        for (int64_t z = -1; z < sides_[2]; ++z) cube(x, y, z);
      }
      std::swap(made_[0], made_[1]);
      std::ranges::fill(made_[1], kNone);
    }
    return std::move(mesh_);
  }

 private:
  static constexpr std::array<uint32_t, 3> kNone = {~0U, ~0U, ~0U};

  int64_t row() const { return sides_[2] + 2; }

  // How far above the level; outside far below it.
  float height(int64_t x, int64_t y, int64_t z) const {
    const bool inside =
        x >= 0 && y >= 0 && z >= 0 && x < sides_[0] && y < sides_[1] && z < sides_[2];
    if (!inside) return -std::abs(level_) - 0.5F;
    return values_[static_cast<size_t>((x * sides_[1] + y) * sides_[2] + z)] - level_;
  }

  void cube(int64_t x, int64_t y, int64_t z) {
    static const std::array<Triangles, kCases> table = make_table();
    unsigned filled = 0;
    for (unsigned c = 0; c < kCorners; ++c) {
      filled |= static_cast<unsigned>(height(x + (c & 1), y + (c >> 1 & 1), z + (c >> 2)) > 0) << c;
    }
    for (const auto& edges : table[filled]) {
      mesh_.triangles.push_back(
          {vertex(edges[0], x, y, z), vertex(edges[1], x, y, z), vertex(edges[2], x, y, z)});
    }
  }

  // The one vertex of this edge of the block, made where it is first asked for.
  uint32_t vertex(uint8_t edge, int64_t x, int64_t y, int64_t z) {
    static const auto ends = edge_ends();
    const auto [corner, axis] = ends[edge];
    const std::array<int64_t, 3> from = {x + (corner & 1), y + (corner >> 1 & 1),
                                         z + (corner >> 2)};
    auto& layer = made_[static_cast<size_t>(corner & 1)];
    const auto at = static_cast<size_t>((from[1] + 1) * row() + from[2] + 1);
    uint32_t& index = layer[at][static_cast<size_t>(axis)];
    if (index != ~0U) return index;
    auto to = from;
    ++to[static_cast<size_t>(axis)];
    const float a = height(from[0], from[1], from[2]), b = height(to[0], to[1], to[2]);
    const float t = std::clamp(a / (a - b), kNearestToCorner, 1 - kNearestToCorner);
    std::array<float, 3> point = {};
    for (size_t d = 0; d < 3; ++d) {
      point[d] = static_cast<float>(from[d]) + 0.5F + (d == static_cast<size_t>(axis) ? t : 0.0F);
    }
    index = static_cast<uint32_t>(mesh_.vertices.size());
    mesh_.vertices.push_back(point);
    return index;
  }

  std::span<const float> values_;
  std::array<int64_t, 3> sides_;
  float level_;
  Mesh mesh_;
  // Vertices on the edges that begin at each corner of the layers x and x + 1.
  std::array<std::vector<std::array<uint32_t, 3>>, 2> made_;
};

}  // namespace

Mesh marching_cubes(std::span<const float> values, const std::array<int64_t, 3>& sides,
                    float level) {
  const bool positive = std::ranges::all_of(sides, [](int64_t s) { return s > 0 && s <= 1024; });
  if (!positive || sides[0] * sides[1] * sides[2] != static_cast<int64_t>(values.size())) {
    throw UsageError({.where = "marching cubes",
                      .found = std::to_string(values.size()) + " values for other sides",
                      .allowed = "three sides of 1 to 1024 and a value for each voxel"});
  }
  return Marcher(values, sides, level).march();
}

}  // namespace ganymede::media
