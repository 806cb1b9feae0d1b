// What all decoders say in the same words.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ganymede/core/error.h"
#include "ganymede/media/codec.h"

namespace ganymede::media {

// A DataError about a broken picture: "[where] PNG picture is broken: <what>".
DataError broken_image(const std::string& where, ImageFormat format, const std::string& what);

// Throws DataError when a side is 0 or beyond the limits of the options.
void check_image_size(const std::string& where, int64_t width, int64_t height,
                      const DecodeOptions& options);

// Throws UsageError when the picture is malformed or a side is larger than the format can hold.
void check_encodable(const Image& image, const char* where, int max_side_px);

// Throws UsageError unless there is a frame and all have one size.
void check_frames(const std::vector<Image>& frames, const char* where, int max_side_px);

inline std::string size_text(int64_t width, int64_t height) {
  return std::to_string(width) + " x " + std::to_string(height);
}

}  // namespace ganymede::media
