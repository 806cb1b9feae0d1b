#include "ganymede/media/codec.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "ganymede/core/error.h"
#include "ganymede/core/files.h"
#include "ganymede/media/gif.h"
#include "ganymede/media/image_checks.h"
#include "ganymede/media/jpeg.h"
#include "ganymede/media/png.h"
#include "ganymede/media/webp.h"

namespace ganymede::media {
namespace {

constexpr size_t kMaxFileBytes = size_t{1} << 30;
constexpr size_t kBytesShown = 8;

std::string first_bytes(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const char c : bytes.substr(0, kBytesShown)) {
    const auto byte = static_cast<uint8_t>(c);
    if (!text.empty()) text += ' ';
    text += kDigits[byte >> 4U];
    text += kDigits[byte & 15U];
  }
  return text;
}

DataError unknown_format(std::string_view bytes, const std::string& where) {
  const std::string found = bytes.empty() ? "an empty file"
                                          : "bytes " + first_bytes(bytes) +
                                                (bytes.size() > kBytesShown ? " ..." : "") +
                                                ", which start no known picture";
  return DataError({.where = where,
                    .found = found,
                    .allowed = "PNG, JPEG, WebP or GIF",
                    .remedy = "convert the picture or remove the file"});
}

std::string lower_extension(std::string_view extension) {
  if (extension.substr(0, 1) == ".") extension.remove_prefix(1);
  std::string lower(extension);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower;
}

Image decode_stored(std::string_view bytes, const std::string& where,
                    const DecodeOptions& options) {
  switch (detect_format(bytes)) {
    case ImageFormat::kPng:
      return decode_png(bytes, where, options);
    case ImageFormat::kJpeg:
      return decode_jpeg(bytes, where, options);
    case ImageFormat::kWebp:
      return decode_webp(bytes, where, options);
    case ImageFormat::kGif:
      return decode_gif(bytes, where, options);
    case ImageFormat::kUnknown:
      break;
  }
  throw unknown_format(bytes, where);
}

}  // namespace

ImageFormat detect_format(std::string_view bytes) {
  if (bytes.substr(0, 8) == "\x89PNG\r\n\x1a\n") return ImageFormat::kPng;
  if (bytes.substr(0, 3) == "\xFF\xD8\xFF") return ImageFormat::kJpeg;
  if (bytes.substr(0, 6) == "GIF87a" || bytes.substr(0, 6) == "GIF89a") return ImageFormat::kGif;
  if (bytes.substr(0, 4) == "RIFF" && bytes.size() >= 12 && bytes.substr(8, 4) == "WEBP")
    return ImageFormat::kWebp;
  return ImageFormat::kUnknown;
}

const char* format_name(ImageFormat format) {
  switch (format) {
    case ImageFormat::kPng:
      return "PNG";
    case ImageFormat::kJpeg:
      return "JPEG";
    case ImageFormat::kWebp:
      return "WebP";
    case ImageFormat::kGif:
      return "GIF";
    case ImageFormat::kUnknown:
      break;
  }
  return "unknown";
}

bool has_image_extension(const std::filesystem::path& path) {
  const std::string extension = lower_extension(path.extension().string());
  return extension == "png" || extension == "jpg" || extension == "jpeg" || extension == "webp" ||
         extension == "gif";
}

Image decode_image(std::string_view bytes, const std::string& where, const DecodeOptions& options) {
  Image image = decode_stored(bytes, where, options);
  if (options.apply_exif_orientation) {
    const int orientation = probe_image(bytes, where, options).orientation;
    image = apply_orientation(std::move(image), orientation);
  }
  return convert_channels(std::move(image), options.channels, options.backdrop);
}

ImageInfo probe_image(std::string_view bytes, const std::string& where,
                      const DecodeOptions& options) {
  switch (detect_format(bytes)) {
    case ImageFormat::kPng:
      return probe_png(bytes, where, options);
    case ImageFormat::kJpeg:
      return probe_jpeg(bytes, where, options);
    case ImageFormat::kWebp:
      return probe_webp(bytes, where, options);
    case ImageFormat::kGif:
      return probe_gif(bytes, where, options);
    case ImageFormat::kUnknown:
      break;
  }
  throw unknown_format(bytes, where);
}

Image read_image(const std::filesystem::path& path, const DecodeOptions& options) {
  std::error_code error;
  const std::filesystem::file_status status = std::filesystem::status(path, error);
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status))
    throw DataError(
        {.where = path.string(),
         .found = std::filesystem::is_directory(status) ? "a folder" : "a pipe or device",
         .allowed = "a picture file"});
  if (std::filesystem::is_regular_file(status) &&
      std::filesystem::file_size(path, error) > kMaxFileBytes)
    throw DataError({.where = path.string(),
                     .found = "a picture file larger than 1 GiB",
                     .allowed = "at most 1 GiB"});
  return decode_image(read_file(path, kMaxFileBytes), path.string(), options);
}

std::string encode_image(const Image& image, std::string_view extension) {
  const std::string lower = lower_extension(extension);
  if (lower == "png") return encode_png(image);
  if (lower == "jpg" || lower == "jpeg") return encode_jpeg(image);
  if (lower == "webp") return encode_webp(image);
  if (lower == "gif") return encode_gif({image});
  throw UsageError({.where = "picture format",
                    .found = "\"" + std::string(extension) + "\"",
                    .allowed = ".png, .jpg, .jpeg, .webp, .gif"});
}

void write_image(const std::filesystem::path& path, const Image& image) {
  write_file_atomic(path, encode_image(image, path.extension().string()));
}

}  // namespace ganymede::media
