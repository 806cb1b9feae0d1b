// Decoded pictures in memory and the few conversions that every codec and chart needs.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace ganymede::media {

// A picture of 8-bit samples, rows from top to bottom, interleaved (height, width, channels).
// Channels: 1 grey, 2 grey + alpha, 3 RGB, 4 RGBA; alpha is straight (not premultiplied).
struct Image {
  int width = 0;
  int height = 0;
  int channels = 0;
  std::vector<uint8_t> pixels;

  bool empty() const { return pixels.empty(); }
  bool has_alpha() const { return channels == 2 || channels == 4; }
  size_t row_bytes() const { return static_cast<size_t>(width) * static_cast<size_t>(channels); }
  uint8_t* row(int y) { return pixels.data() + static_cast<size_t>(y) * row_bytes(); }
  const uint8_t* row(int y) const { return pixels.data() + static_cast<size_t>(y) * row_bytes(); }
  uint8_t* at(int x, int y) { return row(y) + static_cast<size_t>(x) * channels; }
  const uint8_t* at(int x, int y) const { return row(y) + static_cast<size_t>(x) * channels; }

  friend bool operator==(const Image&, const Image&) = default;
};

// Red, green, blue, each 0..255.
using Color = std::array<uint8_t, 3>;

// What the caller wants to receive from a decoder.
enum class Channels { kAsStored, kGrey, kRgb };

// What shows through transparent pixels when the target has no alpha.
enum class Backdrop { kWhite, kBlack };

// A picture filled with one value. Throws UsageError unless 1 <= channels <= 4 and both sides > 0.
Image make_image(int width, int height, int channels, uint8_t fill = 0);

// Throws UsageError when sides, channels and the number of pixels do not fit together.
void check_image(const Image& image, const char* where);

// Grey or RGB without alpha. Colour becomes grey by Rec. 601 luma in 16-bit fixed point, rounded as
// Pillow's convert("L") does; grey becomes RGB by repetition; alpha is composited over the backdrop
// before that, rounded to nearest. kAsStored returns the picture as it is, alpha included.
Image convert_channels(Image image, Channels channels, Backdrop backdrop = Backdrop::kWhite);

// The same picture with as many channels as asked for (1..4); alpha added is opaque, alpha dropped
// is composited over the backdrop.
Image with_channels(Image image, int channels, Backdrop backdrop = Backdrop::kWhite);

// Undoes an EXIF orientation 1..8 (1 is upright; other values are taken as 1).
Image apply_orientation(Image image, int orientation);

}  // namespace ganymede::media
