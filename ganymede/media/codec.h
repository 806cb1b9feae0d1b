// Pictures from bytes and back. The format is found by content, never by the file's name.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "ganymede/media/image.h"

namespace ganymede::media {

enum class ImageFormat { kUnknown, kPng, kJpeg, kWebp, kGif };

// Limits are checked before memory for the picture is asked for.
struct DecodeOptions {
  Channels channels = Channels::kAsStored;
  Backdrop backdrop = Backdrop::kWhite;
  bool apply_exif_orientation = true;
  // Also refuse JPEGs with harmless defects (stray bytes between markers, odd version numbers).
  bool strict = false;
  int64_t max_pixels = int64_t{1} << 26;
  int max_side_px = 16384;
};

// What the header says; nothing is decompressed. Width and height are as stored, before the EXIF
// orientation. `channels` is what kAsStored would give (palettes count as RGB or RGBA).
struct ImageInfo {
  ImageFormat format = ImageFormat::kUnknown;
  int width = 0;
  int height = 0;
  int channels = 0;
  int bit_depth = 8;
  int orientation = 1;
  bool animated = false;  // WebP and PNG; in a GIF only the frames themselves tell
};

// The format whose signature `bytes` start with.
ImageFormat detect_format(std::string_view bytes);

// "PNG", "JPEG", "WebP", "GIF" or "unknown".
const char* format_name(ImageFormat format);

// True for .png .jpg .jpeg .webp .gif in any case: for choosing files in a folder.
bool has_image_extension(const std::filesystem::path& path);

// Decodes PNG, JPEG, WebP (first frame) or GIF (first frame). 16-bit PNG samples become
// round(v/257); palettes are expanded, transparent colours become alpha; CMYK and YCCK JPEGs become
// RGB as Pillow does; colour profiles and gamma are ignored. Throws DataError naming `where`, what
// was found and what is allowed, for broken, truncated, unknown and too large pictures.
Image decode_image(std::string_view bytes, const std::string& where,
                   const DecodeOptions& options = {});

// Reads the header only; throws DataError like decode_image.
ImageInfo probe_image(std::string_view bytes, const std::string& where,
                      const DecodeOptions& options = {});

// Reads and decodes a file. Throws FileError when it is missing or unreadable, DataError when it is
// no regular file (folder, pipe, device), larger than 1 GiB, or broken.
Image read_image(const std::filesystem::path& path, const DecodeOptions& options = {});

// Encodes by extension: ".png", ".jpg"/".jpeg" (quality 95), ".webp" (lossless), ".gif" (one
// frame). The leading dot and the case do not matter. Throws UsageError for others.
std::string encode_image(const Image& image, std::string_view extension);

// encode_image by the path's extension, then an atomic write.
void write_image(const std::filesystem::path& path, const Image& image);

}  // namespace ganymede::media
