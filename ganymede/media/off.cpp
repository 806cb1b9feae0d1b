#include "ganymede/media/off.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "ganymede/core/error.h"
#include "ganymede/core/files.h"

namespace ganymede::media {
namespace {

constexpr int64_t kMostElements = int64_t{1} << 24;
constexpr int64_t kMostCorners = 256;
constexpr uint64_t kFileLimit = uint64_t{1} << 30;
constexpr int64_t kVertexBytes = 6, kFaceBytes = 8;  // the shortest lines: "0 0 0", "3 0 1 2"

class OffReader {
 public:
  OffReader(std::string_view bytes, const std::string& where) : text_(bytes), where_(where) {}

  Mesh read() {
    if (!text_.starts_with("OFF")) fail("does not start with OFF", "a text file of the form OFF");
    at_ = 3;
    const int64_t vertices = count("vertices"), faces = count("faces");
    integer();  // edges, which nobody counts rightly
    rest_of_line();
    const auto left = static_cast<int64_t>(text_.size() - at_);
    // The last line may lack its end.
    if (vertices * kVertexBytes + faces * kFaceBytes > left + 1) {
      fail(std::to_string(vertices) + " vertices and " + std::to_string(faces) +
           " faces in a file that is too short for them");
    }
    mesh_.vertices.reserve(static_cast<size_t>(vertices));
    for (int64_t i = 0; i < vertices; ++i) vertex();
    for (int64_t i = 0; i < faces; ++i) face();
    skip_space();
    if (at_ != text_.size()) fail("text after the last face");
    return std::move(mesh_);
  }

 private:
  [[noreturn]] void fail(const std::string& found, const std::string& allowed = {}) const {
    throw DataError(
        {.where = where_ + ":" + std::to_string(line_), .found = found, .allowed = allowed});
  }

  void skip_space() {
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '#') {
        while (at_ + 1 < text_.size() && text_[at_ + 1] != '\n') ++at_;
      } else if (c == '\n') {
        ++line_;
      } else if (c != ' ' && c != '\t' && c != '\r') {
        return;
      }
    }
  }

  // Colours and comments.
  void rest_of_line() {
    while (at_ < text_.size() && text_[at_] != '\n') ++at_;
  }

  template <class T>
  T number(const char* what) {
    skip_space();
    T value = 0;
    const char* begin = text_.data() + at_;
    const auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), value);
    if (error != std::errc()) {
      fail(at_ == text_.size() ? "the file ends early (truncated)"
                               : "\"" + std::string(text_.substr(at_, 20)) + "\"",
           what);
    }
    at_ += static_cast<size_t>(end - begin);
    const bool separated = at_ == text_.size() || text_[at_] == '#' || text_[at_] <= ' ';
    if (!separated) fail("\"" + std::string(begin, 20).substr(0, 20) + "\"", what);
    return value;
  }

  int64_t integer() { return number<int64_t>("an integer"); }

  int64_t count(const char* what) {
    const int64_t value = integer();
    if (value < 0 || value > kMostElements) {
      fail(std::to_string(value) + " " + what, "0 to 16777216");
    }
    return value;
  }

  void vertex() {
    std::array<float, 3> point = {};
    for (float& x : point) {
      x = number<float>("a coordinate");
      if (!std::isfinite(x)) fail("a coordinate that is not finite");
    }
    mesh_.vertices.push_back(point);
    rest_of_line();
  }

  uint32_t corner() {
    const int64_t index = integer();
    if (index < 0 || index >= static_cast<int64_t>(mesh_.vertices.size())) {
      fail("vertex " + std::to_string(index),
           "0 to " + std::to_string(static_cast<int64_t>(mesh_.vertices.size()) - 1));
    }
    return static_cast<uint32_t>(index);
  }

  void face() {
    const int64_t corners = integer();
    if (corners < 3 || corners > kMostCorners) {
      fail("a face of " + std::to_string(corners) + " corners", "3 to 256");
    }
    const uint32_t first = corner();
    uint32_t last = corner();
    for (int64_t k = 2; k < corners; ++k) {
      const uint32_t next = corner();
      mesh_.triangles.push_back({first, last, next});
      last = next;
    }
    if (static_cast<int64_t>(mesh_.triangles.size()) > kMostElements) fail("too many triangles");
    rest_of_line();
  }

  std::string_view text_;
  const std::string& where_;
  size_t at_ = 0;
  int64_t line_ = 1;
  Mesh mesh_;
};

using Vec = std::array<double, 3>;

// Marks the voxels that a triangle passes through: points at less than half a voxel's distance.
void mark(Voxels& voxels, const Vec& a, const Vec& b, const Vec& c) {
  const auto length = [](const Vec& p, const Vec& q) {
    return std::hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]);
  };
  const double longest = std::max({length(a, b), length(b, c), length(c, a)});
  const auto steps = static_cast<int64_t>(std::ceil(longest * 2)) + 1;
  for (int64_t i = 0; i <= steps; ++i) {
    for (int64_t k = 0; k <= steps - i; ++k) {
      const double u = static_cast<double>(i) / static_cast<double>(steps);
      const double v = static_cast<double>(k) / static_cast<double>(steps);
      std::array<int64_t, 3> at = {};
      for (size_t d = 0; d < 3; ++d) {
        const double x = a[d] + u * (b[d] - a[d]) + v * (c[d] - a[d]);
        at[d] = std::clamp<int64_t>(static_cast<int64_t>(std::floor(x)), 0, voxels.sides[d] - 1);
      }
      voxels.filled[static_cast<size_t>((at[0] * voxels.sides[1] + at[1]) * voxels.sides[2] +
                                        at[2])] = 1;
    }
  }
}

// Fills whatever no way through empty voxels leads to from the border.
void fill_inside(Voxels& voxels) {
  constexpr uint8_t kOutside = 2;
  const auto [sx, sy, sz] = voxels.sides;
  std::vector<std::array<int64_t, 3>> open;
  const auto visit = [&](int64_t x, int64_t y, int64_t z) {
    if (x < 0 || y < 0 || z < 0 || x >= voxels.sides[0] || y >= voxels.sides[1] ||
        z >= voxels.sides[2]) {
      return;
    }
    uint8_t& voxel =
        voxels.filled[static_cast<size_t>((x * voxels.sides[1] + y) * voxels.sides[2] + z)];
    if (voxel != 0) return;
    voxel = kOutside;
    open.push_back({x, y, z});
  };
  for (int64_t x = 0; x < sx; ++x)
    for (int64_t y = 0; y < sy; ++y)
      for (int64_t z = 0; z < sz; ++z)
        if (x == 0 || y == 0 || z == 0 || x == sx - 1 || y == sy - 1 || z == sz - 1) visit(x, y, z);
  while (!open.empty()) {
    const auto [x, y, z] = open.back();
    open.pop_back();
    visit(x - 1, y, z), visit(x + 1, y, z);
    visit(x, y - 1, z), visit(x, y + 1, z);
    visit(x, y, z - 1), visit(x, y, z + 1);
  }
  for (uint8_t& voxel : voxels.filled) voxel = voxel == kOutside ? 0 : 1;
}

}  // namespace

Mesh decode_off(std::string_view bytes, const std::string& where) {
  return OffReader(bytes, where).read();
}

Mesh read_off(const std::filesystem::path& path) {
  return decode_off(read_file(path, kFileLimit), path.string());
}

Voxels voxelize(const Mesh& mesh, int64_t side, int64_t margin, const std::string& where) {
  const int64_t span = side - 2 * margin;
  if (side < 4 || side > kLongestVoxelSide || margin < 0 || span < 2) {
    throw UsageError({.where = where,
                      .found = "a side of " + std::to_string(side) + " voxels with a margin of " +
                               std::to_string(margin),
                      .allowed = "a side of 4 to 1024 that leaves two voxels and more"});
  }
  if (mesh.triangles.empty()) throw DataError({.where = where, .found = "a mesh without faces"});
  Vec low = {1e300, 1e300, 1e300}, high = {-1e300, -1e300, -1e300};
  for (const auto& triangle : mesh.triangles) {
    for (const uint32_t i : triangle) {
      for (size_t d = 0; d < 3; ++d) {
        low[d] = std::min<double>(low[d], mesh.vertices[i][d]);
        high[d] = std::max<double>(high[d], mesh.vertices[i][d]);
      }
    }
  }
  const double longest = std::max({high[0] - low[0], high[1] - low[1], high[2] - low[2]});
  if (longest <= 0) throw DataError({.where = where, .found = "a mesh without extent"});
  Voxels voxels;
  voxels.sides = {side, side, side};
  voxels.filled.assign(static_cast<size_t>(voxels.count()), 0);
  // The outermost points lie within the outermost voxels.
  const double unit = (static_cast<double>(span) - 1e-6) / longest;
  voxels.scale = static_cast<double>(side) / unit;
  for (size_t d = 0; d < 3; ++d) {
    voxels.translate[d] = (low[d] + high[d]) / 2 - voxels.scale / 2;
  }
  const auto place = [&](uint32_t index) {
    Vec at = {};
    for (size_t d = 0; d < 3; ++d) {
      at[d] = (double{mesh.vertices[index][d]} - voxels.translate[d]) * unit;
    }
    return at;
  };
  for (const auto& t : mesh.triangles) mark(voxels, place(t[0]), place(t[1]), place(t[2]));
  fill_inside(voxels);
  return voxels;
}

}  // namespace ganymede::media
