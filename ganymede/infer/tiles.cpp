#include "ganymede/infer/tiles.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "ganymede/core/error.h"

namespace ganymede::infer {
namespace {

int64_t round_up(int64_t value, int64_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

// The pixel that stands at `place` of a row that is mirrored about its ends again and again.
int64_t reflected(int64_t place, int64_t length) {
  if (length == 1) return 0;
  const int64_t period = 2 * (length - 1);
  const int64_t within = ((place % period) + period) % period;
  return std::min(within, period - within);
}

// How much of a made pixel counts over what earlier parts left there, by its distance from the
// beginning of a part that has a neighbour before it: nothing in the first quarter of the overlap,
// which the missing surroundings spoil; all from the last quarter on.
std::vector<float> shares(int64_t length, int64_t overlap, bool first) {
  std::vector<float> share(static_cast<size_t>(length), 1.0F);
  if (first || overlap == 0) return share;
  const double begin = static_cast<double>(overlap) / 4, width = static_cast<double>(overlap) / 2;
  for (int64_t i = 0; i < std::min(length, overlap); ++i) {
    const double way = (static_cast<double>(i) + 0.5 - begin) / width;
    share[static_cast<size_t>(i)] = static_cast<float>(std::clamp(way, 0.0, 1.0));
  }
  return share;
}

std::vector<float> whole_share(int64_t length) {
  return std::vector<float>(static_cast<size_t>(length), 1.0F);
}

media::Image blank(int64_t width, int64_t height, int channels) {
  return media::make_image(static_cast<int>(width), static_cast<int>(height), channels);
}

void check_made(const media::Image& part, int64_t width, int64_t height) {
  if (part.width == width && part.height == height) return;
  throw UsageError({.where = "part of a picture",
                    .found = fmt::format("{} x {} px were made", part.width, part.height),
                    .allowed = fmt::format("{} x {} px", width, height)});
}

struct Place {
  int64_t left, top;  // of the made part in the made picture
};

void blend(media::Image& whole, const media::Image& part, const Place& at,
           const std::vector<float>& across, const std::vector<float>& down) {
  const auto width = static_cast<int>(std::min<int64_t>(part.width, whole.width - at.left));
  const auto height = static_cast<int>(std::min<int64_t>(part.height, whole.height - at.top));
  for (int y = 0; y < height; ++y) {
    uint8_t* out = whole.at(static_cast<int>(at.left), static_cast<int>(at.top) + y);
    const uint8_t* in = part.row(y);
    for (int x = 0; x < width; ++x) {
      const float share = across[static_cast<size_t>(x)] * down[static_cast<size_t>(y)];
      for (int c = 0; c < whole.channels; ++c, ++out, ++in) {
        const auto old = static_cast<float>(*out), fresh = static_cast<float>(*in);
        *out = static_cast<uint8_t>(std::lround(old + (fresh - old) * share));
      }
    }
  }
}

void check(const media::Image& image, const Tiling& tiling) {
  media::check_image(image, "picture to translate");
  if (tiling.multiple >= 1 && tiling.enlarges >= 1 && tiling.tile_px >= 0 &&
      tiling.overlap_px >= 0) {
    return;
  }
  throw UsageError({.where = "parts of a picture",
                    .found = fmt::format("sides of {} px with {} px in common", tiling.tile_px,
                                         tiling.overlap_px),
                    .allowed = "0 or more"});
}

// The side of parts along a direction in which the extended picture has `length`.
int64_t part_side(int64_t length, const Tiling& tiling) {
  if (tiling.tile_px == 0) return length;
  const int64_t least = round_up(tiling.multiple + tiling.overlap_px, tiling.multiple);
  return std::min(length, std::max(least, round_up(tiling.tile_px, tiling.multiple)));
}

}  // namespace

std::vector<int64_t> part_starts(int64_t length, int64_t tile, int64_t overlap, int64_t multiple) {
  std::vector<int64_t> starts = {0};
  if (tile >= length) return starts;
  const int64_t stride = std::max(multiple, (tile - overlap) / multiple * multiple);
  while (starts.back() + tile < length)
    starts.push_back(std::min(starts.back() + stride, length - tile));
  return starts;
}

media::Image reflected_part(const media::Image& image, int64_t left, int64_t top, int64_t width,
                            int64_t height) {
  media::Image part =
      media::make_image(static_cast<int>(width), static_cast<int>(height), image.channels);
  std::vector<int> columns;
  for (int64_t x = 0; x < width; ++x)
    columns.push_back(static_cast<int>(reflected(left + x, image.width)));
  for (int64_t y = 0; y < height; ++y) {
    const uint8_t* row = image.row(static_cast<int>(reflected(top + y, image.height)));
    uint8_t* out = part.row(static_cast<int>(y));
    for (const int column : columns)
      out = std::copy_n(row + static_cast<int64_t>(column) * image.channels, image.channels, out);
  }
  return part;
}

media::Image in_parts(const media::Image& image, const Tiling& tiling,
                      const PartFunction& translate,
                      const std::function<void(int64_t, int64_t)>& step) {
  check(image, tiling);
  const int64_t width = round_up(image.width, tiling.multiple);
  const int64_t height = round_up(image.height, tiling.multiple);
  const int64_t across = part_side(width, tiling), down = part_side(height, tiling);
  const auto lefts = part_starts(width, across, tiling.overlap_px, tiling.multiple);
  const auto tops = part_starts(height, down, tiling.overlap_px, tiling.multiple);
  const int64_t by = tiling.enlarges;
  const auto total = static_cast<int64_t>(lefts.size() * tops.size());
  int64_t done = 0;
  const auto shares_of = [&](int64_t start, int64_t side) {
    return shares(side * by, tiling.overlap_px * by, start == 0);
  };
  // Parts are joined to a row as wide as the picture, and rows to the picture: a part whose border
  // is spoilt must not shine through where a row fades in.
  media::Image made, row;
  for (const int64_t top : tops) {
    for (const int64_t left : lefts) {
      const media::Image part = translate(reflected_part(image, left, top, across, down));
      check_made(part, across * by, down * by);
      if (row.empty()) row = blank(width * by, down * by, part.channels);
      blend(row, part, {left * by, 0}, shares_of(left, across), whole_share(down * by));
      if (step) step(++done, total);
    }
    if (made.empty()) made = blank(image.width * by, image.height * by, row.channels);
    if (top * by < made.height)
      blend(made, row, {0, top * by}, whole_share(width * by), shares_of(top, down));
  }
  return made;
}

}  // namespace ganymede::infer
