#include "ganymede/media/image.h"

#include <string>
#include <utility>

#include "ganymede/core/error.h"

namespace ganymede::media {
namespace {

uint8_t blend(int value, int backdrop, int alpha) {
  const int t = value * alpha + backdrop * (255 - alpha) + 128;
  return static_cast<uint8_t>(((t >> 8) + t) >> 8);
}

uint8_t luma(const uint8_t* rgb) {
  return static_cast<uint8_t>((rgb[0] * 19595U + rgb[1] * 38470U + rgb[2] * 7471U + 0x8000U) >>
                              16U);
}

Image drop_alpha(const Image& image, Backdrop backdrop) {
  const int colors = image.channels - 1;
  const int behind = backdrop == Backdrop::kWhite ? 255 : 0;
  Image out = make_image(image.width, image.height, colors);
  const uint8_t* from = image.pixels.data();
  for (uint8_t* to = out.pixels.data(); to != out.pixels.data() + out.pixels.size();
       to += colors, from += image.channels)
    for (int c = 0; c < colors; ++c) to[c] = blend(from[c], behind, from[colors]);
  return out;
}

Image rgb_to_grey(const Image& image) {
  Image out = make_image(image.width, image.height, 1);
  const uint8_t* from = image.pixels.data();
  for (uint8_t& to : out.pixels) to = luma(from), from += 3;
  return out;
}

Image grey_to_rgb(const Image& image) {
  Image out = make_image(image.width, image.height, 3);
  uint8_t* to = out.pixels.data();
  for (const uint8_t value : image.pixels) {
    to[0] = to[1] = to[2] = value;
    to += 3;
  }
  return out;
}

Image add_alpha(const Image& image) {
  Image out = make_image(image.width, image.height, image.channels + 1, 255);
  const uint8_t* from = image.pixels.data();
  for (uint8_t* to = out.pixels.data(); to != out.pixels.data() + out.pixels.size();
       to += out.channels, from += image.channels)
    for (int c = 0; c < image.channels; ++c) to[c] = from[c];
  return out;
}

Image grey_alpha_to_rgba(const Image& image) {
  Image out = make_image(image.width, image.height, 4);
  uint8_t* to = out.pixels.data();
  for (size_t i = 0; i < image.pixels.size(); i += 2, to += 4) {
    to[0] = to[1] = to[2] = image.pixels[i];
    to[3] = image.pixels[i + 1];
  }
  return out;
}

Image rgba_to_grey_alpha(const Image& image) {
  Image out = make_image(image.width, image.height, 2);
  uint8_t* to = out.pixels.data();
  for (size_t i = 0; i < image.pixels.size(); i += 4, to += 2) {
    to[0] = luma(&image.pixels[i]);
    to[1] = image.pixels[i + 3];
  }
  return out;
}

}  // namespace

Image make_image(int width, int height, int channels, uint8_t fill) {
  if (width <= 0 || height <= 0 || channels < 1 || channels > 4)
    throw UsageError({.where = "image",
                      .found = std::to_string(width) + " x " + std::to_string(height) + " with " +
                               std::to_string(channels) + " channels",
                      .allowed = "positive sides and 1 to 4 channels"});
  Image image{.width = width, .height = height, .channels = channels, .pixels = {}};
  image.pixels.assign(static_cast<size_t>(height) * image.row_bytes(), fill);
  return image;
}

void check_image(const Image& image, const char* where) {
  const bool shaped =
      image.width > 0 && image.height > 0 && image.channels >= 1 && image.channels <= 4;
  if (shaped && image.pixels.size() == static_cast<size_t>(image.height) * image.row_bytes())
    return;
  throw UsageError(
      {.where = where,
       .found = "a picture of " + std::to_string(image.width) + " x " +
                std::to_string(image.height) + " x " + std::to_string(image.channels) + " with " +
                std::to_string(image.pixels.size()) + " samples",
       .allowed = "positive sides, 1 to 4 channels and width * height * channels samples"});
}

Image convert_channels(Image image, Channels channels, Backdrop backdrop) {
  if (channels == Channels::kAsStored) return image;
  return with_channels(std::move(image), channels == Channels::kGrey ? 1 : 3, backdrop);
}

Image with_channels(Image image, int channels, Backdrop backdrop) {
  check_image(image, "with_channels");
  if (channels < 1 || channels > 4)
    throw UsageError({.where = "with_channels",
                      .found = std::to_string(channels) + " channels",
                      .allowed = "1 to 4"});
  if (image.channels == channels) return image;
  const bool keeps_alpha = image.has_alpha() && (channels == 2 || channels == 4);
  if (keeps_alpha) return channels == 4 ? grey_alpha_to_rgba(image) : rgba_to_grey_alpha(image);
  if (image.has_alpha()) image = drop_alpha(image, backdrop);
  const bool wants_color = channels >= 3;
  if (wants_color && image.channels == 1) image = grey_to_rgb(image);
  if (!wants_color && image.channels == 3) image = rgb_to_grey(image);
  return image.channels == channels ? image : add_alpha(image);
}

Image apply_orientation(Image image, int orientation) {
  if (orientation <= 1 || orientation > 8) return image;
  const bool swapped = orientation >= 5;
  const bool from_right =
      orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  const bool from_bottom =
      orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  Image out = make_image(swapped ? image.height : image.width, swapped ? image.width : image.height,
                         image.channels);
  for (int y = 0; y < out.height; ++y) {
    for (int x = 0; x < out.width; ++x) {
      const int u = swapped ? y : x;
      const int v = swapped ? x : y;
      const uint8_t* from =
          image.at(from_right ? image.width - 1 - u : u, from_bottom ? image.height - 1 - v : v);
      uint8_t* to = out.at(x, y);
      for (int c = 0; c < image.channels; ++c) to[c] = from[c];
    }
  }
  return out;
}

}  // namespace ganymede::media
