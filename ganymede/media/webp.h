// WebP through libwebp, stills and animations.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ganymede/media/codec.h"

namespace ganymede::media {

struct WebpOptions {
  bool lossless = true;
  float quality = 90.0F;  // 0..100; for lossless the effort spent on size
};

// Header and EXIF orientation; throws DataError.
ImageInfo probe_webp(std::string_view bytes, const std::string& where,
                     const DecodeOptions& options);

// RGB or RGBA; of an animation the first frame on its canvas. Channels and orientation of the
// options are not applied here.
Image decode_webp(std::string_view bytes, const std::string& where, const DecodeOptions& options);

// Every frame as a viewer shows it, RGB on the canvas's size, at most `most` of them. Limits of the
// options count for all frames together. Throws DataError.
std::vector<Image> decode_webp_frames(std::string_view bytes, const std::string& where,
                                      const DecodeOptions& options, size_t most);

// Lossless keeps the colours under transparent pixels too. Throws UsageError for a bad picture,
// a quality out of range, or a side beyond 16,383.
std::string encode_webp(const Image& image, const WebpOptions& options = {});

// Frames of one size, each shown `delay_ms` (1..16,777,215); `loop` is the number of repetitions,
// 0 for ever. Throws UsageError for no frames, unequal sizes or a delay out of range.
std::string encode_webp_animation(const std::vector<Image>& frames, int delay_ms, int loop = 0,
                                  const WebpOptions& options = {});

}  // namespace ganymede::media
