// Antialiased resampling, byte-equal to Pillow's Image.resize up to version 12, and crops.
#pragma once

#include "ganymede/media/image.h"

namespace ganymede::media {

enum class Filter { kBox, kBilinear, kBicubic, kLanczos };

// Two separable passes in 22-bit fixed point; the filter widens with the scale when shrinking, so
// nothing is skipped. The width comes first, always: published metrics were computed that way,
// while Pillow 13 takes the height first when it shrinks much more (results then differ by
// rounding, or by clipping overshoots earlier). Bicubic has a = -0.5, Lanczos 3 lobes. Pictures
// with alpha are premultiplied around the passes, as Pillow does. Throws UsageError for sides
// outside 1..65,536.
Image resize(const Image& image, int width, int height, Filter filter = Filter::kLanczos);

// The rectangle whose top left pixel is (x, y); throws UsageError when it leaves the picture.
Image crop(const Image& image, int x, int y, int width, int height);

// The largest centred square; an odd remainder goes to the right and bottom.
Image center_crop_square(const Image& image);

}  // namespace ganymede::media
