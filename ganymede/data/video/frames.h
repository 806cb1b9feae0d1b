// Clips as people store them, cut into frames.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ganymede/media/image.h"

namespace ganymede::data {

// How many square frames lie side by side (or one above the other) in a strip of this size: the
// longer side by the shorter, a remainder being left out.
int64_t frames_in_strip(int width, int height);

// Frame `first`, first + stride, ..., `count` of them. Throws UsageError beyond the strip's end.
std::vector<media::Image> cut_strip(const media::Image& strip, int64_t first, int64_t count,
                                    int64_t stride);

// One beside the other, as cut_strip() reads them. All of one size; throws UsageError for none.
media::Image join_strip(const std::vector<media::Image>& frames);

// "frame2" before "frame10": digits in a row are compared as a number.
bool natural_less(std::string_view a, std::string_view b);

}  // namespace ganymede::data
