#include "ganymede/media/idx.h"

#include <map>
#include <optional>

#include "ganymede/core/error.h"
#include "ganymede/core/files.h"
#include "ganymede/media/inflate.h"

namespace ganymede::media {
namespace {

constexpr size_t kMagicBytes = 4;
constexpr size_t kDimensionBytes = 4;
constexpr size_t kLargestRank = 8;
constexpr uint64_t kUnpackedLimit = uint64_t{8} << 30;
constexpr std::string_view kGzip = "\x1f\x8b";

[[noreturn]] void refuse(const std::string& where, const std::string& found,
                         const std::string& allowed = {}) {
  throw DataError({.where = where, .found = found, .allowed = allowed});
}

std::optional<DType> dtype_from_code(unsigned char code) {
  static const std::map<int, DType> codes = {{0x08, DType::kU8},  {0x09, DType::kI8},
                                             {0x0b, DType::kI16}, {0x0c, DType::kI32},
                                             {0x0d, DType::kF32}, {0x0e, DType::kF64}};
  const auto found = codes.find(code);
  if (found == codes.end()) return std::nullopt;
  return found->second;
}

bool has_magic(std::string_view bytes) {
  return bytes.size() >= kMagicBytes && bytes[0] == 0 && bytes[1] == 0 &&
         dtype_from_code(static_cast<unsigned char>(bytes[2])) && bytes[3] >= 1 &&
         bytes[3] <= static_cast<char>(kLargestRank);
}

std::string hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    text += kDigits[static_cast<unsigned char>(c) >> 4];
    text += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return text;
}

int64_t big_endian_u32(std::string_view bytes) {
  int64_t value = 0;
  for (const char c : bytes.substr(0, kDimensionBytes)) {
    value = value << 8 | static_cast<unsigned char>(c);
  }
  return value;
}

IdxArray decode_plain(std::string_view bytes, const std::string& where) {
  if (!has_magic(bytes)) {
    refuse(where, "not an IDX file: starts with " + hex(bytes.substr(0, kMagicBytes)),
           "00 00, a type (08 09 0b 0c 0d 0e) and 1 to 8 dimensions");
  }
  const auto rank = static_cast<size_t>(bytes[3]);
  const size_t header = kMagicBytes + rank * kDimensionBytes;
  if (bytes.size() < header) refuse(where, "truncated within the header");
  IdxArray array;
  array.dtype = *dtype_from_code(static_cast<unsigned char>(bytes[2]));
  for (size_t d = 0; d < rank; ++d) {
    array.shape.push_back(big_endian_u32(bytes.substr(kMagicBytes + d * kDimensionBytes)));
  }
  const auto expected = checked_bytes(array.shape, array.dtype);
  if (!expected || *expected != bytes.size() - header) {
    refuse(where, "shape " + shape_text(array.shape) + " of " +
                      std::string(dtype_name(array.dtype)) + " does not fit " +
                      std::to_string(bytes.size() - header) + " bytes of data" +
                      (!expected || *expected > bytes.size() - header ? " (truncated?)" : ""));
  }
  array.bytes = bytes.substr(header);
  swap_elements(array.bytes, element_bytes(array.dtype));
  return array;
}

}  // namespace

IdxArray decode_idx(std::string_view bytes, const std::string& where) {
  if (!bytes.starts_with(kGzip)) return decode_plain(bytes, where);
  return decode_plain(inflate_bytes(bytes, Wrapping::kGzip, kUnpackedLimit, where), where);
}

IdxArray read_idx(const std::filesystem::path& path) {
  return decode_idx(read_file(path, kUnpackedLimit), path.string());
}

bool is_idx(std::string_view first_bytes) {
  if (!first_bytes.starts_with(kGzip)) return has_magic(first_bytes);
  return has_magic(inflate_start(first_bytes, kMagicBytes));
}

}  // namespace ganymede::media
