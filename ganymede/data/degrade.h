// What is done to a clean picture before a model is given it: the damage that it learns to undo.
#pragma once

#include <string>

#include "ganymede/core/random.h"
#include "ganymede/media/image.h"

namespace ganymede::data {

// A number, or one drawn evenly between two for every picture.
struct DrawnNumber {
  double low = 0;
  double high = 0;
  bool operator==(const DrawnNumber&) const = default;
};

// The steps in the order in which they are done. Each gives 8-bit pixels, as a file would hold
// them: values are rounded and clipped.
struct Degradation {
  DrawnNumber blur;   // Gaussian, deviation in px of the clean picture; 0: none
  int scale = 1;      // bicubic shrinking as MATLAB's imresize (media/bicubic.h)
  DrawnNumber noise;  // Gaussian of independent channels, deviation in levels of 255; 0: none
  DrawnNumber jpeg_quality;  // 1..100; 0: none
  bool operator==(const Degradation&) const = default;

  // `steps` as in a recipe: "blur=1.2,noise=15,jpeg=40" in any order, each at most once, ranges as
  // "noise=5-50"; empty: only the scale. Throws UsageError naming data.degrade.
  static Degradation parse(const std::string& steps, int64_t scale);

  // Pixels around a part of the clean picture on which its damaged form depends: a multiple of the
  // scale.
  int margin_px() const;
};

// The damaged form of the part of `clean` with top left pixel (x, y), all four multiples of the
// scale: sides width / scale and height / scale. Blur and shrinking look beyond the part, so that
// it equals the same part of the whole picture's; noise and JPEG are of the part alone. Draws from
// `random`: ranges in the order above, then the noise by rows. Throws UsageError for a part that
// leaves the picture or does not fit the scale.
media::Image degraded(const media::Image& clean, int x, int y, int width, int height,
                      const Degradation& degradation, Stream& random);

// The whole picture, whose sides are multiples of the scale.
media::Image degraded(const media::Image& clean, const Degradation& degradation, Stream& random);

}  // namespace ganymede::data
