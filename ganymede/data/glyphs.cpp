#include "ganymede/data/glyphs.h"

#include <initializer_list>
#include <vector>

namespace ganymede::data {
namespace {

GlyphStroke make_stroke(std::initializer_list<Knot> knots, bool closed) {
  GlyphStroke stroke;
  stroke.closed = closed;
  for (const Knot& knot : knots) stroke.knots[stroke.count++] = knot;
  return stroke;
}

GlyphStroke line(std::initializer_list<Knot> knots) { return make_stroke(knots, false); }
GlyphStroke loop(std::initializer_list<Knot> knots) { return make_stroke(knots, true); }

Glyph glyph(float weight, std::initializer_list<GlyphStroke> strokes) {
  Glyph result;
  result.weight = weight;
  for (const GlyphStroke& stroke : strokes) result.strokes[result.count++] = stroke;
  return result;
}

constexpr bool kCorner = true;

using Forms = std::vector<Glyph>;

Forms zero() {
  return {glyph(0.7F, {loop({{0.5, 0},
                             {0.26, 0.16},
                             {0.18, 0.5},
                             {0.26, 0.84},
                             {0.5, 1},
                             {0.74, 0.84},
                             {0.82, 0.5},
                             {0.74, 0.16}})}),
          // Begun at the top right and closed past the start.
          glyph(0.3F, {line({{0.62, 0.05},
                             {0.4, 0.03},
                             {0.2, 0.28},
                             {0.18, 0.66},
                             {0.38, 0.97},
                             {0.64, 0.94},
                             {0.81, 0.62},
                             {0.74, 0.2},
                             {0.52, 0.0},
                             {0.4, 0.06}})})};
}

Forms one() {
  return {glyph(0.5F, {line({{0.5, 0}, {0.5, 0.5}, {0.5, 1}})}),
          glyph(0.3F, {line({{0.32, 0.2}, {0.54, 0, kCorner}, {0.54, 0.5}, {0.54, 1}})}),
          glyph(0.2F, {line({{0.32, 0.2}, {0.53, 0, kCorner}, {0.53, 0.5}, {0.53, 1}}),
                       line({{0.28, 1}, {0.8, 1}})})};
}

Forms two() {
  return {glyph(0.5F, {line({{0.2, 0.24},
                             {0.31, 0.06},
                             {0.53, 0},
                             {0.75, 0.1},
                             {0.77, 0.31},
                             {0.6, 0.57},
                             {0.37, 0.8},
                             {0.17, 0.98, kCorner},
                             {0.5, 0.97},
                             {0.85, 0.98}})}),
          // A loop at the foot.
          glyph(0.5F, {line({{0.2, 0.2},
                             {0.44, 0},
                             {0.73, 0.1},
                             {0.75, 0.34},
                             {0.57, 0.66},
                             {0.34, 0.92},
                             {0.18, 0.95},
                             {0.15, 0.82},
                             {0.28, 0.76},
                             {0.48, 0.88},
                             {0.68, 0.99},
                             {0.88, 0.92}})})};
}

Forms three() {
  return {glyph(0.7F, {line({{0.2, 0.12},
                             {0.45, 0},
                             {0.73, 0.1},
                             {0.73, 0.32},
                             {0.42, 0.47, kCorner},
                             {0.74, 0.57},
                             {0.81, 0.78},
                             {0.54, 1},
                             {0.17, 0.89}})}),
          // Flat top.
          glyph(0.3F, {line({{0.2, 0.02},
                             {0.77, 0.02, kCorner},
                             {0.44, 0.42, kCorner},
                             {0.72, 0.5},
                             {0.82, 0.73},
                             {0.6, 0.98},
                             {0.18, 0.9}})})};
}

Forms four() {
  return {
      glyph(0.65F,
            {line({{0.24, 0.02}, {0.2, 0.32}, {0.18, 0.56, kCorner}, {0.5, 0.56}, {0.85, 0.52}}),
             line({{0.72, 0.06}, {0.7, 0.5}, {0.67, 1}})}),
      // Closed, as printed.
      glyph(
          0.35F,
          {line(
              {{0.9, 0.66}, {0.13, 0.66, kCorner}, {0.64, 0, kCorner}, {0.64, 0.5}, {0.64, 1}})})};
}

Forms five() {
  return {glyph(0.75F, {line({{0.78, 0.02},
                              {0.3, 0.04, kCorner},
                              {0.25, 0.45, kCorner},
                              {0.5, 0.38},
                              {0.77, 0.5},
                              {0.8, 0.78},
                              {0.55, 1},
                              {0.18, 0.91}})}),
          // Without corners, almost an s.
          glyph(0.25F, {line({{0.82, 0.04},
                              {0.52, 0.02},
                              {0.3, 0.1},
                              {0.29, 0.36},
                              {0.58, 0.46},
                              {0.79, 0.66},
                              {0.66, 0.95},
                              {0.2, 0.94}})})};
}

Forms six() {
  return {glyph(0.6F, {line({{0.68, 0},
                             {0.4, 0.2},
                             {0.23, 0.52},
                             {0.23, 0.82},
                             {0.46, 1},
                             {0.73, 0.9},
                             {0.76, 0.66},
                             {0.54, 0.53},
                             {0.27, 0.69}})}),
          glyph(0.4F, {line({{0.76, 0.1},
                             {0.56, 0},
                             {0.32, 0.17},
                             {0.19, 0.55},
                             {0.29, 0.91},
                             {0.55, 1},
                             {0.78, 0.83},
                             {0.69, 0.58},
                             {0.44, 0.55},
                             {0.23, 0.74}})})};
}

Forms seven() {
  return {
      glyph(0.5F,
            {line({{0.15, 0.04}, {0.5, 0.03}, {0.83, 0.03, kCorner}, {0.61, 0.45}, {0.43, 1}})}),
      // With a bar.
      glyph(0.3F, {line({{0.16, 0.04}, {0.82, 0.03, kCorner}, {0.6, 0.48}, {0.45, 1}}),
                   line({{0.33, 0.54}, {0.79, 0.5}})}),
      // With a serif and a waved top.
      glyph(0.2F, {line({{0.17, 0.22},
                         {0.2, 0.05, kCorner},
                         {0.5, 0.07},
                         {0.85, 0.02, kCorner},
                         {0.57, 0.48},
                         {0.47, 1}})})};
}

Forms eight() {
  return {
      glyph(0.65F, {loop({{0.7, 0.14},
                          {0.49, 0},
                          {0.27, 0.14},
                          {0.35, 0.37},
                          {0.63, 0.57},
                          {0.78, 0.8},
                          {0.5, 1},
                          {0.22, 0.8},
                          {0.37, 0.56},
                          {0.65, 0.37}})}),
      glyph(0.35F,
            {loop({{0.5, 0}, {0.29, 0.1}, {0.29, 0.35}, {0.5, 0.46}, {0.71, 0.35}, {0.71, 0.1}}),
             loop({{0.5, 0.46}, {0.23, 0.6}, {0.22, 0.87}, {0.5, 1}, {0.78, 0.87}, {0.77, 0.6}})})};
}

Forms nine() {
  return {glyph(0.6F, {line({{0.75, 0.16},
                             {0.5, 0.01},
                             {0.24, 0.17},
                             {0.29, 0.44},
                             {0.56, 0.46},
                             {0.75, 0.2, kCorner},
                             {0.73, 0.6},
                             {0.67, 1}})}),
          // Curved tail.
          glyph(0.4F, {line({{0.74, 0.2},
                             {0.52, 0},
                             {0.24, 0.16},
                             {0.28, 0.45},
                             {0.58, 0.48},
                             {0.76, 0.24},
                             {0.77, 0.6},
                             {0.6, 0.94},
                             {0.26, 0.93}})})};
}

}  // namespace

std::span<const Glyph> glyphs_of(int digit) {
  static const std::vector<Forms> all = {zero(), one(), two(),   three(), four(),
                                         five(), six(), seven(), eight(), nine()};
  return all[static_cast<size_t>(digit)];
}

}  // namespace ganymede::data
