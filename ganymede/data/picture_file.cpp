#include "ganymede/data/picture_file.h"

#include <algorithm>
#include <cctype>
#include <optional>

#include "ganymede/core/error.h"

namespace ganymede::data {
namespace {

// Binary "portable any map": P5 grey, P6 RGB; samples of one byte, or of two, big-endian.
struct PnmHeader {
  int width = 0, height = 0, channels = 0, max_value = 0;
  size_t data_offset = 0;
};

bool is_pnm(std::string_view bytes) {
  return bytes.size() > 3 && bytes[0] == 'P' && (bytes[1] == '5' || bytes[1] == '6') &&
         std::isspace(static_cast<unsigned char>(bytes[2]));
}

[[noreturn]] void refuse(const std::string& where, const std::string& found) {
  throw DataError({where, found, "a whole binary PGM (P5) or PPM (P6)"});
}

// The next number, with comments skipped; `offset` moves behind its last digit.
int next_number(std::string_view bytes, size_t& offset, const std::string& where) {
  while (offset < bytes.size() &&
         (bytes[offset] == '#' || std::isspace(static_cast<unsigned char>(bytes[offset])))) {
    if (bytes[offset] == '#') {
      while (offset < bytes.size() && bytes[offset] != '\n') ++offset;
    } else {
      ++offset;
    }
  }
  int64_t number = -1;
  while (offset < bytes.size() && std::isdigit(static_cast<unsigned char>(bytes[offset]))) {
    number = std::max<int64_t>(number, 0) * 10 + (bytes[offset++] - '0');
    if (number > 65535) refuse(where, "a number beyond 65535 in the PGM header");
  }
  if (number <= 0) refuse(where, "a damaged PGM header");
  return static_cast<int>(number);
}

PnmHeader read_header(std::string_view bytes, const std::string& where) {
  const media::DecodeOptions limits;
  PnmHeader header;
  size_t offset = 2;
  header.channels = bytes[1] == '5' ? 1 : 3;
  header.width = next_number(bytes, offset, where);
  header.height = next_number(bytes, offset, where);
  header.max_value = next_number(bytes, offset, where);
  if (int64_t{header.width} * header.height > limits.max_pixels ||
      std::max(header.width, header.height) > limits.max_side_px) {
    refuse(where, "a picture of " + std::to_string(header.width) + " x " +
                      std::to_string(header.height) + " pixels");
  }
  header.data_offset = offset + 1;
  return header;
}

media::Image decode_pnm(std::string_view bytes, const std::string& where) {
  const PnmHeader header = read_header(bytes, where);
  media::Image image = media::make_image(header.width, header.height, header.channels);
  const size_t sample_bytes = header.max_value > 255 ? 2 : 1;
  const size_t needed = image.pixels.size() * sample_bytes;
  const size_t present = bytes.size() - std::min(bytes.size(), header.data_offset);
  if (present < needed) {
    refuse(where, "truncated: " + std::to_string(present) + " of " + std::to_string(needed) +
                      " bytes of pixels");
  }
  const auto* in = reinterpret_cast<const uint8_t*>(bytes.data()) + header.data_offset;
  for (size_t i = 0; i < image.pixels.size(); ++i) {
    const int value = sample_bytes == 1 ? in[i] : in[2 * i] << 8 | in[2 * i + 1];
    image.pixels[i] = static_cast<uint8_t>(
        std::min(255, (value * 255 + header.max_value / 2) / header.max_value));
  }
  return image;
}

}  // namespace

bool is_picture_name(const std::filesystem::path& path) {
  if (media::has_image_extension(path)) return true;
  std::string extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return extension == ".pgm" || extension == ".ppm";
}

std::string picture_format(std::string_view bytes) {
  if (is_pnm(bytes)) return bytes[1] == '5' ? "PGM" : "PPM";
  return media::format_name(media::detect_format(bytes));
}

media::ImageInfo probe_picture(std::string_view bytes, const std::string& where) {
  if (!is_pnm(bytes)) return media::probe_image(bytes, where);
  const PnmHeader header = read_header(bytes, where);
  media::ImageInfo info;
  info.width = header.width;
  info.height = header.height;
  info.channels = header.channels;
  info.bit_depth = header.max_value > 255 ? 16 : 8;
  return info;
}

media::Image decode_picture(std::string_view bytes, const std::string& where,
                            media::Channels channels) {
  if (is_pnm(bytes)) return media::convert_channels(decode_pnm(bytes, where), channels);
  media::DecodeOptions options;
  options.channels = channels;
  return media::decode_image(bytes, where, options);
}

}  // namespace ganymede::data
