#include "ganymede/media/solid_view.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

#include "ganymede/core/error.h"

namespace ganymede::media {
namespace {

using Vec = std::array<double, 3>;

constexpr int kOversampling = 2;
constexpr double kAmbient = 0.30, kFill = 0.20;  // light from everywhere, and from the eye
constexpr double kFog = 0.18;                    // how much the farthest points fade

Vec minus(const Vec& a, const Vec& b) { return {a[0] - b[0], a[1] - b[1], a[2] - b[2]}; }
double dot(const Vec& a, const Vec& b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }
Vec cross(const Vec& a, const Vec& b) {
  return {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]};
}
Vec unit(const Vec& a) {
  const double length = std::sqrt(dot(a, a));
  return length > 0 ? Vec{a[0] / length, a[1] / length, a[2] / length} : Vec{0, 0, 1};
}

// Right, up and toward the eye.
struct Axes {
  Vec right, up, eye;
};

Axes axes_of(const SolidViewOptions& options) {
  const double a = options.azimuth_deg * std::numbers::pi / 180;
  const double e = options.elevation_deg * std::numbers::pi / 180;
  const Vec eye = {std::sin(a) * std::cos(e), -std::cos(a) * std::cos(e), std::sin(e)};
  const Vec right = {std::cos(a), std::sin(a), 0};
  return {right, cross(eye, right), eye};
}

// A vertex on the screen: pixels, nearness, and the normal in the world.
struct Corner {
  double x, y, near;
  Vec normal;
};

std::vector<Corner> project(const Mesh& mesh, const std::array<int64_t, 3>& sides, const Axes& axes,
                            double size) {
  std::vector<Vec> normals(mesh.vertices.size(), Vec{0, 0, 0});
  const auto point = [&](uint32_t i) {
    const auto& v = mesh.vertices[i];
    return Vec{v[0], v[1], v[2]};
  };
  for (const auto& t : mesh.triangles) {
    // Its length is twice the area: large triangles count more.
    const Vec normal = cross(minus(point(t[1]), point(t[0])), minus(point(t[2]), point(t[0])));
    for (const uint32_t i : t) {
      for (size_t d = 0; d < 3; ++d) normals[i][d] += normal[d];
    }
  }
  Vec middle = {}, extent = {};
  for (size_t d = 0; d < 3; ++d) {
    extent[d] = static_cast<double>(sides[d]);
    middle[d] = extent[d] / 2;
  }
  // The block's diagonal is rarely filled: what stands in its corners may touch the rim.
  const double scale = size / (0.86 * std::sqrt(dot(extent, extent)));
  std::vector<Corner> corners;
  for (uint32_t i = 0; i < mesh.vertices.size(); ++i) {
    const Vec at = minus(point(i), middle);
    corners.push_back({size / 2 + scale * dot(at, axes.right), size / 2 - scale * dot(at, axes.up),
                       scale / size * dot(at, axes.eye), unit(normals[i])});
  }
  return corners;
}

class Film {
 public:
  Film(int size, const Axes& axes)
      : size_(size),
        eye_(axes.eye),
        depth_(static_cast<size_t>(size) * static_cast<size_t>(size),
               -std::numeric_limits<double>::infinity()),
        light_(depth_.size(), 0) {
    Vec key = {};
    for (size_t d = 0; d < 3; ++d) {
      key[d] = axes.eye[d] * 0.6 + axes.up[d] * 0.9 - axes.right[d] * 0.55;
    }
    key_ = unit(key);
  }

  void draw(const Corner& a, const Corner& b, const Corner& c) {
    const double area = (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
    if (std::abs(area) < 1e-12) return;
    const auto [left, right] = range(std::min({a.x, b.x, c.x}), std::max({a.x, b.x, c.x}));
    const auto [top, bottom] = range(std::min({a.y, b.y, c.y}), std::max({a.y, b.y, c.y}));
    for (int y = top; y <= bottom; ++y) {
      for (int x = left; x <= right; ++x) {
        const double px = x + 0.5, py = y + 0.5;
        const double v = ((px - a.x) * (c.y - a.y) - (py - a.y) * (c.x - a.x)) / area;
        const double w = ((b.x - a.x) * (py - a.y) - (b.y - a.y) * (px - a.x)) / area;
        const double u = 1 - v - w;
        if (u < 0 || v < 0 || w < 0) continue;
        const double near = u * a.near + v * b.near + w * c.near;
        const size_t at =
            static_cast<size_t>(y) * static_cast<size_t>(size_) + static_cast<size_t>(x);
        if (near <= depth_[at]) continue;
        depth_[at] = near;
        Vec normal = {};
        for (size_t d = 0; d < 3; ++d) {
          normal[d] = u * a.normal[d] + v * b.normal[d] + w * c.normal[d];
        }
        light_[at] = light(unit(normal), near);
      }
    }
  }

  Image develop(Color color, Color background) const {
    const int size = size_ / kOversampling;
    Image image = make_image(size, size, 3);
    for (int y = 0; y < size; ++y) {
      for (int x = 0; x < size; ++x) {
        for (size_t c = 0; c < 3; ++c) image.at(x, y)[c] = mean(x, y, color[c], background[c]);
      }
    }
    return image;
  }

 private:
  std::pair<int, int> range(double low, double high) const {
    return {std::clamp(static_cast<int>(std::floor(low)), 0, size_ - 1),
            std::clamp(static_cast<int>(std::ceil(high)), 0, size_ - 1)};
  }

  // In [0, 1.1] or so: above 1 the colour turns toward white.
  double light(const Vec& normal, double near) const {
    const double direct = std::max(0.0, dot(normal, key_));
    const double fill = std::max(0.0, dot(normal, eye_));
    const double lit = kAmbient + kFill * fill + (1.05 - kAmbient - kFill) * direct;
    return lit * (1 - kFog * std::clamp(0.5 - near, 0.0, 1.0));
  }

  uint8_t mean(int x, int y, uint8_t color, uint8_t background) const {
    double sum = 0;
    for (int dy = 0; dy < kOversampling; ++dy) {
      for (int dx = 0; dx < kOversampling; ++dx) {
        const size_t at = static_cast<size_t>(y * kOversampling + dy) * static_cast<size_t>(size_) +
                          static_cast<size_t>(x * kOversampling + dx);
        sum += std::isinf(depth_[at]) ? background : std::min(255.0, light_[at] * color);
      }
    }
    return static_cast<uint8_t>(std::lround(sum / (kOversampling * kOversampling)));
  }

  int size_;
  Vec eye_;
  Vec key_ = {};
  std::vector<double> depth_;  // nearness of what is seen; -infinity: nothing
  std::vector<double> light_;
};

}  // namespace

Image render_solid(const Mesh& mesh, const std::array<int64_t, 3>& sides,
                   const SolidViewOptions& options) {
  if (options.size_px < 8 || options.size_px > 4096) {
    throw UsageError({.where = "view of a solid",
                      .found = std::to_string(options.size_px) + " px",
                      .allowed = "8 to 4096 px"});
  }
  const Axes axes = axes_of(options);
  const int size = options.size_px * kOversampling;
  const auto corners = project(mesh, sides, axes, size);
  Film film(size, axes);
  for (const auto& t : mesh.triangles) film.draw(corners[t[0]], corners[t[1]], corners[t[2]]);
  return film.develop(options.color, options.background);
}

}  // namespace ganymede::media
