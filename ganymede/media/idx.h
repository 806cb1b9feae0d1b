// IDX files, the format of MNIST and its relatives, plain or gzipped.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "ganymede/media/array.h"

namespace ganymede::media {

// Elements in C order, converted to little-endian.
struct IdxArray {
  DType dtype = DType::kU8;  // kU8, kI8, kI16, kI32, kF32 or kF64
  std::vector<int64_t> shape;
  std::string bytes;

  ArrayView view() const { return {dtype, shape, bytes}; }
};

// Compression is found by content. The data must fill the file exactly. Throws DataError naming
// `where` and what was found instead.
IdxArray decode_idx(std::string_view bytes, const std::string& where);

// Throws FileError when the file is missing, DataError.
IdxArray read_idx(const std::filesystem::path& path);

// True when the first bytes are an IDX header, or a gzip file that starts with one.
bool is_idx(std::string_view first_bytes);

}  // namespace ganymede::media
