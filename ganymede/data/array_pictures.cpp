#include "ganymede/data/array_pictures.h"

#include <cstring>

#include "ganymede/core/error.h"
#include "ganymede/core/hash.h"

namespace ganymede::data {
namespace {

class ArrayReader final : public PictureReader {
 public:
  ArrayReader(std::string bytes, const ArrayLayout& layout, std::string name)
      : bytes_(std::move(bytes)), layout_(layout), name_(std::move(name)) {
    if (bytes_.size() != static_cast<size_t>(layout.count) * picture_bytes())
      throw DataError({name_, "an array whose bytes do not match its shape"});
  }

  int64_t count() const override { return layout_.count; }
  std::string name(int64_t index) const override { return name_ + "#" + std::to_string(index); }
  media::ImageInfo probe(int64_t) const override { return *uniform(); }
  bool in_memory() const override { return true; }
  uint64_t content_hash() const override { return xxh3(bytes_); }

  std::optional<media::ImageInfo> uniform() const override {
    media::ImageInfo info;
    info.width = layout_.width;
    info.height = layout_.height;
    info.channels = layout_.channels;
    return info;
  }

  media::Image decode(int64_t index, media::Channels channels) const override {
    media::Image image = media::make_image(layout_.width, layout_.height, layout_.channels);
    const auto* in = reinterpret_cast<const uint8_t*>(bytes_.data()) +
                     static_cast<size_t>(index) * picture_bytes();
    if (layout_.transposed) {
      for (int y = 0; y < layout_.height; ++y)
        for (int x = 0; x < layout_.width; ++x) *image.at(x, y) = in[x * layout_.height + y];
    } else if (layout_.planar) {
      const size_t pixels = picture_bytes() / static_cast<size_t>(layout_.channels);
      for (int c = 0; c < layout_.channels; ++c)
        for (size_t i = 0; i < pixels; ++i)
          image.pixels[i * static_cast<size_t>(layout_.channels) + static_cast<size_t>(c)] = *in++;
    } else {
      std::memcpy(image.pixels.data(), in, picture_bytes());
    }
    return media::convert_channels(std::move(image), channels);
  }

 private:
  size_t picture_bytes() const {
    return static_cast<size_t>(layout_.width) * static_cast<size_t>(layout_.height) *
           static_cast<size_t>(layout_.channels);
  }

  std::string bytes_;
  ArrayLayout layout_;
  std::string name_;
};

bool is_channels(int64_t n) { return n == 1 || n == 3 || n == 4; }

}  // namespace

std::optional<ArrayLayout> layout_of(const std::vector<int64_t>& shape) {
  ArrayLayout layout;
  for (const int64_t d : shape)
    if (d < 1) return std::nullopt;
  if (shape.size() == 3) {
    layout = {shape[0], static_cast<int>(shape[2]), static_cast<int>(shape[1]), 1};
  } else if (shape.size() == 4 && is_channels(shape[3])) {
    layout = {shape[0], static_cast<int>(shape[2]), static_cast<int>(shape[1]),
              static_cast<int>(shape[3])};
  } else if (shape.size() == 4 && is_channels(shape[1])) {
    layout = {shape[0], static_cast<int>(shape[3]), static_cast<int>(shape[2]),
              static_cast<int>(shape[1]), true};
  } else {
    return std::nullopt;
  }
  return layout;
}

std::shared_ptr<const PictureReader> make_array_reader(std::string bytes, const ArrayLayout& layout,
                                                       std::string name) {
  return std::make_shared<ArrayReader>(std::move(bytes), layout, std::move(name));
}

}  // namespace ganymede::data
