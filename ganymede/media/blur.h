// Gaussian blur of 8-bit pictures.
#pragma once

#include "ganymede/media/image.h"

namespace ganymede::media {

// Pixels on each side that a blurred one depends on: the kernel ends at 4 sigma.
int blur_radius(double sigma);

// A Gaussian of deviation `sigma` px, cut at blur_radius() and summing to 1, along rows and then
// columns in double, rounded to 8 bits at the end; edges are mirrored (c b a | a b c), as in
// SciPy's gaussian_filter. sigma 0: the picture itself. Throws UsageError for sigma < 0 or > 100.
Image gaussian_blur(const Image& image, double sigma);

}  // namespace ganymede::media
