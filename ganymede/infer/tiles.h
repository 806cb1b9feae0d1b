// A picture of any size in parts of bounded size, joined without seams.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "ganymede/media/image.h"

namespace ganymede::infer {

// What a part may be. Sides of parts and the places where they begin are multiples of `multiple`,
// so that strided networks see every part on their own grid.
struct Tiling {
  int64_t multiple = 1;
  int64_t tile_px = 0;  // most sides of a part; 0: the whole picture at once
  int64_t overlap_px =
      0;                 // of neighbouring parts: a quarter is dropped at each end, half is blended
  int64_t enlarges = 1;  // sides of a made part by those of the given one
};

// Where parts of `tile` begin that cover `length` with at least `overlap` in common; the last ends
// at `length`. length and tile are multiples of `multiple`, tile >= multiple + overlap or = length.
std::vector<int64_t> part_starts(int64_t length, int64_t tile, int64_t overlap, int64_t multiple);

// The rectangle of `image` whose top left pixel is (left, top); beyond its borders the picture is
// reflected about the border pixels, as often as needed.
media::Image reflected_part(const media::Image& image, int64_t left, int64_t top, int64_t width,
                            int64_t height);

// `translate` over the whole picture, extended by reflection to multiples, or over parts of it; the
// result is cut back to `enlarges` times the sides of `image`. A network whose sight reaches no
// farther than overlap_px / 4 makes the whole picture but for rounding. `step` is told parts done
// and parts in all. Throws UsageError for sides or overlaps that fit nothing.
using PartFunction = std::function<media::Image(const media::Image& part)>;
media::Image in_parts(const media::Image& image, const Tiling& tiling,
                      const PartFunction& translate,
                      const std::function<void(int64_t done, int64_t total)>& step = {});

}  // namespace ganymede::infer
