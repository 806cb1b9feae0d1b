// Coloured shapes on gradients: a small colour set with classes that needs no download.
#pragma once

#include <cstdint>

#include "ganymede/data/pictures.h"

namespace ganymede::data {

// Circle, square, triangle, star, ring, cross, heart, crescent.
inline constexpr int kShapeClasses = 8;

// RGB picture of `size` x `size` px, a pure function of (index, size); the class is index % 8.
// Larger sizes show the same scene drawn finer.
media::Image draw_shape(int64_t index, int size = 32);

PictureSet open_shapes(const DataConfig& config);

}  // namespace ganymede::data
