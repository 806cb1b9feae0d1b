// What the numbers of a picture mean to a network: its pixels, the colours of class ids, or how
// light it is.
#pragma once

#include <string>

#include "ganymede/media/image.h"

namespace ganymede::media {

enum class Meaning {
  kPixels,     // as they are
  kLabels,     // a grey picture of class ids, shown to networks and people in label_color()
  kLightness,  // L of CIE Lab in one channel: 0..100 as -1..1
};

// SampleSpec::domain_state of such pictures (JSON; empty for kPixels) and back. Throws ModelError
// for a state that is none of these.
std::string state_of(Meaning meaning);
Meaning meaning_of(const std::string& domain_state);

// The colour of a class id: bits of the id, lowest first, become the highest bits of red, green and
// blue in turn, so that neighbouring ids differ most (as in the pictures of PASCAL VOC); 0 is
// black.
Color label_color(uint8_t id);

// A grey picture of class ids in colours; a coloured one is returned as it is.
Image color_labels(const Image& ids);

// The nearest pixel: of label maps, which must not be mixed. Throws UsageError for sides below 1.
Image resize_nearest(const Image& image, int width, int height);

// L of CIE Lab (D65, 2 degrees) over an sRGB pixel, 0..100.
float lightness(uint8_t red, uint8_t green, uint8_t blue);

// `image` as planes of a sample, float32 [channels, height, width] in [-1, 1] at `out`: 1 or 3
// channels; 1 for kLightness. Alpha is composited over white.
void write_planes(const Image& image, Meaning meaning, int channels, float* out);

}  // namespace ganymede::media
