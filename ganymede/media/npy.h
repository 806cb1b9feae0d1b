// NumPy's NPY (versions 1, 2 and 3) and NPZ files.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ganymede/media/array.h"

namespace ganymede::media {

// An array in C order and little-endian, however the file stored it.
struct NpyArray {
  DType dtype = DType::kU8;
  std::vector<int64_t> shape;
  std::string bytes;
  bool was_fortran = false;  // the file's order, already converted

  ArrayView view() const { return {dtype, shape, bytes}; }
};

// Element type and shape of an array.
struct NpyInfo {
  DType dtype = DType::kU8;
  std::vector<int64_t> shape;
};

// What the beginning of a file says; nothing where it is no NPY header that decode_npy() would
// take.
std::optional<NpyInfo> probe_npy(std::string_view start);
// Every array of a file, by name ("" in a .npy); empty where the file is neither NPY nor NPZ.
std::map<std::string, NpyInfo> probe_arrays(const std::filesystem::path& path);

// Types: bool, integers and floats of 8 to 64 bits, either byte order. Objects (pickles), strings,
// dates, complex and structured types are refused; nothing is ever executed. The data must fill
// the file exactly. Throws DataError naming `where`.
NpyArray decode_npy(std::string_view bytes, const std::string& where);
NpyArray read_npy(const std::filesystem::path& path);

// Version 1 (2 when the header needs it). Throws UsageError for bfloat16, which NumPy lacks, and
// when bytes and shape disagree.
std::string encode_npy(const ArrayView& array);
void write_npy(const std::filesystem::path& path, const ArrayView& array);

// Mostly empty arrays (voxels, masks) pack beyond any usual ratio: up to here that is believed.
inline constexpr uint64_t kSparseArrayBytes = uint64_t{2} << 30;

// Arrays by name without ".npy". `limit` caps the sum of unpacked sizes. Throws DataError.
std::map<std::string, NpyArray> read_npz(const std::filesystem::path& path,
                                         uint64_t limit = uint64_t{1} << 36);

// An uncompressed archive as numpy.savez writes it, put in place atomically.
void write_npz(const std::filesystem::path& path, const std::map<std::string, ArrayView>& arrays);

}  // namespace ganymede::media
