// Procedural handwriting: ten digits that need no download and are worth learning.
#pragma once

#include <cstdint>

#include "ganymede/data/pictures.h"

namespace ganymede::data {

// Grey picture of `size` x `size` px, white strokes on black; a pure function of (index, size). The
// digit is index % 10. Larger sizes show the same handwriting drawn finer.
media::Image draw_digit(int64_t index, int size = 28);

PictureSet open_digits(const DataConfig& config);

}  // namespace ganymede::data
