#include "ganymede/media/image_checks.h"

#include <algorithm>

namespace ganymede::media {

DataError broken_image(const std::string& where, ImageFormat format, const std::string& what) {
  return DataError({.where = where,
                    .found = std::string("a broken ") + format_name(format) + " picture: " + what,
                    .allowed = "a complete, undamaged picture",
                    .remedy = "fetch or export the file again, or remove it"});
}

void check_image_size(const std::string& where, int64_t width, int64_t height,
                      const DecodeOptions& options) {
  const bool sides_fit =
      width > 0 && height > 0 && width <= options.max_side_px && height <= options.max_side_px;
  if (sides_fit && width * height <= options.max_pixels) return;
  throw DataError({.where = where,
                   .found = "a picture of " + size_text(width, height) + " pixels",
                   .allowed = "sides of 1 to " + std::to_string(options.max_side_px) +
                              " and at most " + std::to_string(options.max_pixels) + " pixels",
                   .remedy = "scale the picture down"});
}

void check_encodable(const Image& image, const char* where, int max_side_px) {
  check_image(image, where);
  if (image.width <= max_side_px && image.height <= max_side_px) return;
  throw UsageError({.where = where,
                    .found = "a picture of " + size_text(image.width, image.height) + " pixels",
                    .allowed = "sides of 1 to " + std::to_string(max_side_px)});
}

void check_frames(const std::vector<Image>& frames, const char* where, int max_side_px) {
  if (frames.empty())
    throw UsageError({.where = where, .found = "no frames", .allowed = "one frame or more"});
  for (const Image& frame : frames) {
    check_encodable(frame, where, max_side_px);
    if (frame.width == frames[0].width && frame.height == frames[0].height) continue;
    throw UsageError({.where = where,
                      .found = "frames of " + size_text(frames[0].width, frames[0].height) +
                               " and " + size_text(frame.width, frame.height),
                      .allowed = "frames of one size"});
  }
}

}  // namespace ganymede::media
