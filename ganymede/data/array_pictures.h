// Pictures that lie in memory as one array of bytes.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ganymede/data/pictures.h"
#include "ganymede/media/array.h"

namespace ganymede::data {

// How the elements of one picture follow each other.
struct ArrayLayout {
  int64_t count = 0;
  int width = 0, height = 0, channels = 0;
  bool planar = false;      // channel planes one after another; else interleaved
  bool transposed = false;  // columns before rows, as EMNIST stores them; one channel only
  bool operator==(const ArrayLayout&) const = default;
};

// The layout of an array of pictures: [N, H, W], [N, H, W, C] or [N, C, H, W] with C in 1, 3, 4;
// where both readings fit, the channels are last. Nothing when the shape fits neither.
std::optional<ArrayLayout> layout_of(const std::vector<int64_t>& shape);

// `bytes` hold count pictures of one layout; `name` stands for the file in messages.
std::shared_ptr<const PictureReader> make_array_reader(std::string bytes, const ArrayLayout& layout,
                                                       std::string name);

}  // namespace ganymede::data
