#include "ganymede/media/npy.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "ganymede/core/error.h"
#include "ganymede/core/files.h"
#include "ganymede/media/byte_source.h"
#include "ganymede/media/npy_header.h"
#include "ganymede/media/zip.h"

namespace ganymede::media {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::string_view kSuffix = ".npy";
constexpr size_t kStartBytes = 4096;  // longer headers are rare
constexpr size_t kPreludeBytes = 8;   // magic, major, minor
constexpr size_t kLongestHeader = size_t{64} << 10;
constexpr size_t kAlignment = 64;

[[noreturn]] void refuse(const std::string& where, const std::string& found,
                         const std::string& allowed = {}) {
  throw DataError({.where = where, .found = found, .allowed = allowed});
}

// The header's dict and what follows it.
struct Parts {
  std::string_view header;
  std::string_view data;
};

Parts split(std::string_view bytes, const std::string& where) {
  if (!bytes.starts_with(kMagic)) refuse(where, "does not start with the NPY signature");
  if (bytes.size() < kPreludeBytes) refuse(where, "truncated within the header");
  const int major = static_cast<unsigned char>(bytes[6]);
  const int minor = static_cast<unsigned char>(bytes[7]);
  if (major < 1 || major > 3 || minor != 0) {
    refuse(where, "NPY version " + std::to_string(major) + "." + std::to_string(minor),
           "1.0, 2.0 or 3.0");
  }
  const size_t length_bytes = major == 1 ? 2 : 4;
  std::string_view rest = bytes.substr(kPreludeBytes);
  if (rest.size() < length_bytes) refuse(where, "truncated within the header");
  uint32_t length = 0;
  std::memcpy(&length, rest.data(), length_bytes);
  rest.remove_prefix(length_bytes);
  if (length > kLongestHeader) {
    refuse(where, "a header of " + std::to_string(length) + " bytes", "at most 65536");
  }
  if (length > rest.size()) refuse(where, "truncated within the header");
  return {rest.substr(0, length), rest.substr(length)};
}

// Column-major to row-major: walks the output in order with the strides of the input.
std::string from_fortran(std::string_view data, std::span<const int64_t> shape, size_t element) {
  const size_t rank = shape.size();
  std::vector<size_t> strides(rank, element);
  for (size_t d = 1; d < rank; ++d) strides[d] = strides[d - 1] * static_cast<size_t>(shape[d - 1]);
  std::vector<int64_t> index(rank, 0);
  std::string out(data.size(), '\0');
  size_t from = 0;
  for (size_t to = 0; to < out.size(); to += element) {
    std::memcpy(out.data() + to, data.data() + from, element);
    for (size_t d = rank; d-- > 0;) {
      from += strides[d];
      if (++index[d] < shape[d]) break;
      from -= strides[d] * static_cast<size_t>(shape[d]);
      index[d] = 0;
    }
  }
  return out;
}

// Written with the spaces that make the data start at a multiple of 64.
std::string prelude(const std::string& dict) {
  for (const int major : {1, 2}) {
    const size_t length_bytes = major == 1 ? 2 : 4;
    const size_t fixed = kPreludeBytes + length_bytes;
    const size_t total = (fixed + dict.size() + 1 + kAlignment - 1) / kAlignment * kAlignment;
    const auto length = static_cast<uint32_t>(total - fixed);
    if (major == 1 && length > 0xffff) continue;
    std::string out(kMagic);
    out += static_cast<char>(major);
    out += '\0';
    out.append(reinterpret_cast<const char*>(&length), length_bytes);
    out += dict;
    out.append(total - out.size() - 1, ' ');
    return out + "\n";
  }
  throw UsageError({.where = "npy", .found = "a shape with too many dimensions"});
}

}  // namespace

NpyArray decode_npy(std::string_view bytes, const std::string& where) {
  const Parts parts = split(bytes, where);
  const NpyHeader header = parse_npy_header(parts.header, where);
  const auto expected = checked_bytes(header.shape, header.dtype);
  if (!expected) refuse(where, "shape " + shape_text(header.shape) + " overflows");
  if (*expected != parts.data.size()) {
    refuse(where, "shape " + shape_text(header.shape) + " of " +
                      std::string(dtype_name(header.dtype)) + " needs " +
                      std::to_string(*expected) + " bytes of data, the file holds " +
                      std::to_string(parts.data.size()) +
                      (parts.data.size() < *expected ? " (truncated)" : ""));
  }
  const size_t element = element_bytes(header.dtype);
  NpyArray array;
  array.dtype = header.dtype;
  array.shape = header.shape;
  array.was_fortran = header.fortran;
  array.bytes = header.fortran && header.shape.size() > 1
                    ? from_fortran(parts.data, header.shape, element)
                    : std::string(parts.data);
  if (header.big_endian) swap_elements(array.bytes, element);
  return array;
}

NpyArray read_npy(const std::filesystem::path& path) {
  return decode_npy(read_file(path), path.string());
}

std::string encode_npy(const ArrayView& array) {
  if (checked_bytes(array.shape, array.dtype) != array.bytes.size()) {
    throw UsageError({.where = "npy",
                      .found = "shape " + shape_text(array.shape) + " does not fit " +
                               std::to_string(array.bytes.size()) + " bytes"});
  }
  std::string out = prelude(npy_dict(array.dtype, array.shape));
  out += array.bytes;
  return out;
}

std::optional<NpyInfo> probe_npy(std::string_view start) {
  try {
    const NpyHeader header = parse_npy_header(split(start, "npy").header, "npy");
    return NpyInfo{header.dtype, header.shape};
  } catch (const DataError&) {
    return std::nullopt;
  }
}

std::map<std::string, NpyInfo> probe_arrays(const std::filesystem::path& path) {
  std::map<std::string, NpyInfo> arrays;
  try {
    const ByteSource source(path);
    const std::string start = source.read(0, std::min<uint64_t>(source.size(), kStartBytes));
    if (start.starts_with(kMagic)) {
      if (auto info = probe_npy(start)) arrays.emplace("", std::move(*info));
    } else if (start.starts_with("PK")) {
      const ZipReader zip(source, {.harmless_bytes = kSparseArrayBytes});
      for (size_t i = 0; i < zip.members().size(); ++i) {
        const std::string& name = zip.members()[i].name;
        auto info = probe_npy(zip.read_start(i, kStartBytes));
        if (!name.ends_with(kSuffix) || !info) return {};
        arrays.emplace(name.substr(0, name.size() - kSuffix.size()), std::move(*info));
      }
    }
  } catch (const Error&) {
    return {};  // damaged, or no regular file: whoever reads it says so
  }
  return arrays;
}

void write_npy(const std::filesystem::path& path, const ArrayView& array) {
  write_file_atomic(path, encode_npy(array));
}

std::map<std::string, NpyArray> read_npz(const std::filesystem::path& path, uint64_t limit) {
  const ZipReader zip(
      path, {.member_bytes = limit, .unpacked_bytes = limit, .harmless_bytes = kSparseArrayBytes});
  std::map<std::string, NpyArray> arrays;
  for (size_t i = 0; i < zip.members().size(); ++i) {
    std::string name = zip.members()[i].name;
    const std::string where = path.string() + ": " + name;
    if (!name.ends_with(kSuffix)) refuse(where, "not an array", "members named *.npy");
    name.resize(name.size() - kSuffix.size());
    arrays.emplace(std::move(name), decode_npy(zip.read(i), where));
  }
  return arrays;
}

void write_npz(const std::filesystem::path& path, const std::map<std::string, ArrayView>& arrays) {
  ZipWriter zip(path);
  for (const auto& [name, array] : arrays) zip.add(name + ".npy", encode_npy(array));
  zip.finish();
}

}  // namespace ganymede::media
