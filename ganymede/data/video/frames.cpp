#include "ganymede/data/video/frames.h"

#include <algorithm>
#include <cctype>
#include <cstring>

#include "ganymede/core/error.h"
#include "ganymede/media/resize.h"

namespace ganymede::data {
namespace {

bool is_digit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }

// The digits that `text` begins with, without leading zeros; `text` moves behind them.
std::string_view take_number(std::string_view& text) {
  size_t length = 0;
  while (length < text.size() && is_digit(text[length])) ++length;
  std::string_view number = text.substr(0, length);
  text.remove_prefix(length);
  number.remove_prefix(std::min(number.find_first_not_of('0'), number.size()));
  return number;
}

}  // namespace

int64_t frames_in_strip(int width, int height) {
  return std::max(width, height) / std::max(1, std::min(width, height));
}

std::vector<media::Image> cut_strip(const media::Image& strip, int64_t first, int64_t count,
                                    int64_t stride) {
  const int side = std::min(strip.width, strip.height);
  const int64_t last = first + (count - 1) * stride;
  if (count < 1 || first < 0 || last >= frames_in_strip(strip.width, strip.height)) {
    throw UsageError(
        {.where = "a strip of frames",
         .found = "frames " + std::to_string(first) + " to " + std::to_string(last),
         .allowed = "0 to " + std::to_string(frames_in_strip(strip.width, strip.height) - 1)});
  }
  std::vector<media::Image> frames;
  for (int64_t i = 0; i < count; ++i) {
    const int at = static_cast<int>(first + i * stride) * side;
    const bool wide = strip.width >= strip.height;
    frames.push_back(media::crop(strip, wide ? at : 0, wide ? 0 : at, side, side));
  }
  return frames;
}

media::Image join_strip(const std::vector<media::Image>& frames) {
  if (frames.empty()) throw UsageError({.where = "a strip of frames", .found = "no frames"});
  const media::Image& first = frames.front();
  media::Image strip = media::make_image(first.width * static_cast<int>(frames.size()),
                                         first.height, first.channels);
  for (size_t i = 0; i < frames.size(); ++i) {
    for (int y = 0; y < first.height; ++y) {
      std::memcpy(strip.at(static_cast<int>(i) * first.width, y), frames[i].row(y),
                  first.row_bytes());
    }
  }
  return strip;
}

bool natural_less(std::string_view a, std::string_view b) {
  const std::string_view whole_a = a, whole_b = b;
  while (!a.empty() && !b.empty()) {
    if (is_digit(a[0]) && is_digit(b[0])) {
      const std::string_view left = take_number(a), right = take_number(b);
      if (left.size() != right.size()) return left.size() < right.size();
      if (left != right) return left < right;
      continue;
    }
    if (a[0] != b[0]) return a[0] < b[0];
    a.remove_prefix(1);
    b.remove_prefix(1);
  }
  if (a.empty() != b.empty()) return a.empty();
  return whole_a < whole_b;  // "01" and "1"
}

}  // namespace ganymede::data
