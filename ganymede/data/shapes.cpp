#include "ganymede/data/shapes.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "ganymede/core/random.h"
#include "ganymede/data/builtin.h"
#include "ganymede/data/drawn.h"

namespace ganymede::data {
namespace {

constexpr int64_t kTrainShapes = 32'000;
constexpr int64_t kTestShapes = 4'000;
constexpr int kDefaultPx = 32;
constexpr char kName[] = "shapes";
constexpr char kVersion[] = "shapes 1";  // changes when the pictures do
constexpr std::array<const char*, kShapeClasses> kNames = {
    "circle", "square", "triangle", "star", "ring", "cross", "heart", "crescent"};

struct Vec {
  float x, y;
};
using Rgb = std::array<float, 3>;

float length(float x, float y) { return std::sqrt(x * x + y * y); }

// Signed distances to shapes of radius about 1 around the origin, negative inside; y points up.
float box(Vec p, float half_width, float half_height) {
  const float dx = std::abs(p.x) - half_width, dy = std::abs(p.y) - half_height;
  return length(std::max(dx, 0.0F), std::max(dy, 0.0F)) + std::min(std::max(dx, dy), 0.0F);
}

// Distance to the lines of the sides, exact except outside the corners.
float regular_triangle(Vec p) {
  constexpr float kHalfRoot3 = 0.8660254F;
  return std::max(-p.y, kHalfRoot3 * std::abs(p.x) + 0.5F * p.y) - 0.58F;
}

// Five points: in each fifth the side from the tip (0, 1) to the inner corner at 36 degrees.
float star(Vec p) {
  constexpr float kFifth = 2 * std::numbers::pi_v<float> / 5, kInner = 0.45F;
  float angle = std::atan2(p.x, p.y);
  angle = std::abs(angle - kFifth * std::round(angle / kFifth));
  const float r = length(p.x, p.y);
  const Vec q = {r * std::sin(angle), r * std::cos(angle)};
  const Vec inner = {kInner * std::sin(kFifth / 2), kInner * std::cos(kFifth / 2)};
  const Vec side = {inner.x, inner.y - 1.0F};
  return (-side.y * q.x + side.x * (q.y - 1.0F)) / length(side.x, side.y);
}

// After Inigo Quilez, "2D distance functions": two arcs over a right angle.
float heart(Vec p) {
  p = {std::abs(p.x) * 0.62F, p.y * 0.62F + 0.55F};
  const auto square = [](float x, float y) { return x * x + y * y; };
  float distance;
  if (p.x + p.y > 1.0F) {
    distance = length(p.x - 0.25F, p.y - 0.75F) - std::numbers::sqrt2_v<float> / 4;
  } else {
    const float along = 0.5F * std::max(p.x + p.y, 0.0F);
    distance = std::sqrt(std::min(square(p.x, p.y - 1.0F), square(p.x - along, p.y - along)));
    if (p.x < p.y) distance = -distance;
  }
  return distance / 0.62F;
}

float distance_to(int shape, Vec p) {
  switch (shape) {
    case 0:
      return length(p.x, p.y) - 0.92F;
    case 1:
      return box(p, 0.8F, 0.8F);
    case 2:
      return regular_triangle(p);
    case 3:
      return star(p);
    case 4:
      return std::abs(length(p.x, p.y) - 0.72F) - 0.22F;
    case 5:
      return std::min(box(p, 0.95F, 0.27F), box(p, 0.27F, 0.95F));
    case 6:
      return heart(p);
    default:
      return std::max(length(p.x, p.y) - 0.95F, 0.74F - length(p.x - 0.48F, p.y));
  }
}

float brightness(const Rgb& c) { return 0.299F * c[0] + 0.587F * c[1] + 0.114F * c[2]; }

Rgb from_hsv(float hue, float saturation, float value) {
  Rgb rgb;
  for (int i = 0; i < 3; ++i) {
    const float offsets[] = {5, 3, 1};
    const float k = std::fmod(offsets[i] + hue * 6, 6.0F);
    rgb[i] = value * (1 - saturation * std::clamp(std::min(k, 4 - k), 0.0F, 1.0F));
  }
  return rgb;
}

float uniform(Stream& stream, double low, double high) {
  return static_cast<float>(low + (high - low) * stream.next_uniform());
}

Rgb mix(const Rgb& a, const Rgb& b, float t) {
  return {a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t, a[2] + (b[2] - a[2]) * t};
}

// Everything about one picture in units of its side.
struct Scene {
  int shape = 0;
  float x = 0, y = 0, radius = 0, cosine = 1, sine = 0;
  float gradient_x = 0, gradient_y = 0;
  Rgb back_from{}, back_to{}, fill_from{}, fill_to{};
};

Scene make_scene(Stream& stream, int shape) {
  Scene scene;
  scene.shape = shape;
  scene.radius = uniform(stream, 0.23, 0.4);
  const float slack = 0.5F - scene.radius;
  scene.x = 0.5F + slack * uniform(stream, -0.9, 0.9);
  scene.y = 0.5F + slack * uniform(stream, -0.9, 0.9);
  const float turn = uniform(stream, -0.6, 0.6);
  scene.cosine = std::cos(turn);
  scene.sine = std::sin(turn);
  const float direction = uniform(stream, 0, 2 * std::numbers::pi);
  scene.gradient_x = std::cos(direction);
  scene.gradient_y = std::sin(direction);
  const float back_hue = uniform(stream, 0, 1);
  scene.back_from = from_hsv(back_hue, uniform(stream, 0.1, 0.5), uniform(stream, 0.2, 0.95));
  scene.back_to = mix(scene.back_from, from_hsv(back_hue, 0.3F, uniform(stream, 0.2, 0.95)), 0.7F);
  // Clear of the background in hue, and in brightness on whichever side has more room.
  const Rgb back = mix(scene.back_from, scene.back_to, 0.5F);
  const float hue = back_hue + uniform(stream, 0.2, 0.8);
  const bool dark = brightness(back) > 0.5F;
  const float value = dark ? uniform(stream, 0.3, 0.6) : uniform(stream, 0.9, 1.0);
  scene.fill_from =
      from_hsv(hue, dark ? uniform(stream, 0.75, 1.0) : uniform(stream, 0.4, 0.8), value);
  scene.fill_to = mix(scene.fill_from, {1, 1, 1}, uniform(stream, 0.0, 0.25));
  return scene;
}

Rgb color_at(const Scene& scene, float x, float y, float pixel) {
  const float along = (x - 0.5F) * scene.gradient_x + (y - 0.5F) * scene.gradient_y;
  const float t = std::clamp(along * 0.7071F + 0.5F, 0.0F, 1.0F);
  const float dx = (x - scene.x) / scene.radius, dy = (scene.y - y) / scene.radius;
  const Vec p = {scene.cosine * dx + scene.sine * dy, scene.cosine * dy - scene.sine * dx};
  const float distance = distance_to(scene.shape, p) * scene.radius / pixel;
  const float cover = std::clamp(0.5F - distance, 0.0F, 1.0F);
  return mix(mix(scene.back_from, scene.back_to, t), mix(scene.fill_from, scene.fill_to, t), cover);
}

}  // namespace

media::Image draw_shape(int64_t index, int size) {
  static const Stream keyed(kBuiltinSeed, kName);
  Stream stream = keyed.at(static_cast<uint64_t>(index));
  const Scene scene = make_scene(stream, static_cast<int>(index % kShapeClasses));
  const float pixel = 1.0F / static_cast<float>(size);
  media::Image image = media::make_image(size, size, 3);
  for (int y = 0; y < size; ++y) {
    for (int x = 0; x < size; ++x) {
      const Rgb color = color_at(scene, (static_cast<float>(x) + 0.5F) * pixel,
                                 (static_cast<float>(y) + 0.5F) * pixel, pixel);
      for (int c = 0; c < 3; ++c)
        image.at(x, y)[c] = static_cast<uint8_t>(255.0F * std::clamp(color[c], 0.0F, 1.0F) + 0.5F);
    }
  }
  return image;
}

PictureSet open_shapes(const DataConfig& config) {
  return open_drawn({kName,
                     kVersion,
                     draw_shape,
                     3,
                     kDefaultPx,
                     kTrainShapes,
                     kTestShapes,
                     {kNames.begin(), kNames.end()}},
                    config);
}

}  // namespace ganymede::data
