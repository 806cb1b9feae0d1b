#include "ganymede/media/png_chunks.h"

#include <zlib.h>

#include <array>

#include "ganymede/media/exif.h"
#include "ganymede/media/image_checks.h"

namespace ganymede::media {
namespace {

constexpr size_t kMaxAncillaryBytes = size_t{4} << 20;
constexpr size_t kMaxDeflateRatio = 1032;  // zlib technical details: the limit of the format
constexpr std::string_view kSignature("\x89PNG\r\n\x1a\n", 8);

uint32_t big_endian(std::string_view bytes, size_t offset) {
  uint32_t value = 0;
  for (size_t i = 0; i < 4; ++i) value = value << 8U | static_cast<uint8_t>(bytes[offset + i]);
  return value;
}

bool valid_depth(int color_type, int depth) {
  switch (color_type) {
    case 0:
      return depth == 1 || depth == 2 || depth == 4 || depth == 8 || depth == 16;
    case 3:
      return depth == 1 || depth == 2 || depth == 4 || depth == 8;
    case 2:
    case 4:
    case 6:
      return depth == 8 || depth == 16;
    default:
      return false;
  }
}

// Bytes that a zlib stream unfolds to, counting no further than `limit` + 1.
size_t inflated_size(std::string_view data, size_t limit) {
  z_stream stream{};
  if (inflateInit(&stream) != Z_OK) return limit + 1;
  std::array<uint8_t, 65536> buffer;
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(data.data()));
  stream.avail_in = static_cast<uInt>(data.size());
  size_t total = 0;
  int status = Z_OK;
  while (status == Z_OK && total <= limit) {
    stream.next_out = buffer.data();
    stream.avail_out = static_cast<uInt>(buffer.size());
    status = inflate(&stream, Z_NO_FLUSH);
    total += buffer.size() - stream.avail_out;
  }
  inflateEnd(&stream);
  return total;
}

// The zlib stream inside a zTXt, iCCP or compressed iTXt chunk; empty when there is none.
std::string_view compressed_part(const PngChunk& chunk) {
  const size_t key_end = chunk.data.find('\0');
  if (key_end == std::string_view::npos) return {};
  std::string_view rest = chunk.data.substr(key_end + 1);
  if (chunk.type == "zTXt" || chunk.type == "iCCP") return rest.empty() ? rest : rest.substr(1);
  if (chunk.type != "iTXt" || rest.size() < 2 || rest[0] != 1) return {};
  rest.remove_prefix(2);
  for (int skipped = 0; skipped < 2; ++skipped) {
    const size_t end = rest.find('\0');
    if (end == std::string_view::npos) return {};
    rest.remove_prefix(end + 1);
  }
  return rest;
}

bool ancillary(std::string_view type) { return (static_cast<uint8_t>(type[0]) & 0x20U) != 0; }

}  // namespace

PngChunkReader::PngChunkReader(std::string_view bytes, const std::string& where)
    : bytes_(bytes), where_(where) {}

bool PngChunkReader::next(PngChunk& chunk) {
  if (offset_ >= bytes_.size()) return false;
  const size_t left = bytes_.size() - offset_;
  const size_t length = left >= 12 ? big_endian(bytes_, offset_) : 0;
  if (left < 12 || length > left - 12)
    throw broken_image(where_, ImageFormat::kPng,
                       "the chunk at byte " + std::to_string(offset_) + " is cut off");
  chunk.type = bytes_.substr(offset_ + 4, 4);
  chunk.data = bytes_.substr(offset_ + 8, length);
  offset_ += length + 12;
  ended_ = chunk.type == "IEND";
  return true;
}

PngHeader read_png_header(std::string_view bytes, const std::string& where) {
  if (bytes.substr(0, 8) != kSignature)
    throw broken_image(where, ImageFormat::kPng, "the signature is wrong");
  PngChunk chunk;
  const bool found = PngChunkReader(bytes, where).next(chunk);
  if (!found || chunk.type != "IHDR" || chunk.data.size() != 13)
    throw broken_image(where, ImageFormat::kPng, "the header (IHDR) is missing");
  const PngHeader header{.width = big_endian(chunk.data, 0),
                         .height = big_endian(chunk.data, 4),
                         .bit_depth = static_cast<uint8_t>(chunk.data[8]),
                         .color_type = static_cast<uint8_t>(chunk.data[9])};
  if (!valid_depth(header.color_type, header.bit_depth))
    throw broken_image(where, ImageFormat::kPng,
                       "colour type " + std::to_string(header.color_type) + " with " +
                           std::to_string(header.bit_depth) + " bits does not exist");
  return header;
}

ImageInfo summarize_png(std::string_view bytes, const std::string& where,
                        const DecodeOptions& options) {
  const PngHeader header = read_png_header(bytes, where);
  check_image_size(where, header.width, header.height, options);
  constexpr std::array<int, 7> kChannelsOfType = {1, 0, 3, 3, 2, 0, 4};
  ImageInfo info{.format = ImageFormat::kPng,
                 .width = static_cast<int>(header.width),
                 .height = static_cast<int>(header.height),
                 .channels = kChannelsOfType[header.color_type],
                 .bit_depth = header.bit_depth};
  PngChunkReader reader(bytes, where);
  for (PngChunk chunk; reader.next(chunk) && chunk.type != "IDAT";) {
    if (chunk.type == "tRNS" && (info.channels & 1) == 1) ++info.channels;
    if (chunk.type == "eXIf") info.orientation = exif_orientation(chunk.data);
    if (chunk.type == "acTL") info.animated = true;
  }
  return info;
}

void check_png_chunks(std::string_view bytes, const std::string& where, const ImageInfo& info) {
  PngChunkReader reader(bytes, where);
  size_t unfolded = 0;
  size_t pixel_bytes = 0;
  for (PngChunk chunk; reader.next(chunk) && chunk.type != "IEND";) {
    if (chunk.type == "IDAT") pixel_bytes += chunk.data.size();
    if (!ancillary(chunk.type)) continue;
    const std::string_view packed = compressed_part(chunk);
    if (!packed.empty()) unfolded += inflated_size(packed, kMaxAncillaryBytes);
    if (chunk.data.size() > kMaxAncillaryBytes || unfolded > kMaxAncillaryBytes)
      throw DataError(
          {.where = where,
           .found = "a PNG chunk " + std::string(chunk.type) + " that grows beyond 4 MiB",
           .allowed = "texts and profiles of at most 4 MiB",
           .remedy = "save the picture without them"});
  }
  if (!reader.ended()) throw broken_image(where, ImageFormat::kPng, "the end (IEND) is missing");
  const size_t least_bits = static_cast<size_t>(info.width) * info.height * info.bit_depth;
  if (pixel_bytes < least_bits / 8 / kMaxDeflateRatio)
    throw broken_image(where, ImageFormat::kPng,
                       std::to_string(pixel_bytes) + " bytes of pixel data cannot hold " +
                           size_text(info.width, info.height) + " pixels");
}

}  // namespace ganymede::media
