// The safetensors format (huggingface/safetensors): 8-byte little-endian header length, JSON
// header, contiguous tensor data. Files are taken as hostile: everything is bounded and checked
// before memory is asked for.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "ganymede/media/array.h"
#include "ganymede/media/byte_source.h"

namespace ganymede::media {

struct SafetensorsLimits {
  uint64_t header_bytes = 100'000'000;  // the reference implementation's limit
  uint64_t metadata_bytes = uint64_t{16} << 20;
  size_t tensors = 100'000;
  size_t name_bytes = 1024;
  size_t rank = 64;
  uint64_t total_bytes = uint64_t{1} << 36;
};

// One tensor of a header; `offset` counts from the start of the file.
struct SafetensorsEntry {
  std::string name;
  DType dtype = DType::kU8;
  std::vector<int64_t> shape;
  uint64_t offset = 0;
  uint64_t bytes = 0;
};

// A checked header: entries in file order, contiguous from data_offset to the end of the file.
struct SafetensorsHeader {
  std::vector<SafetensorsEntry> entries;
  std::map<std::string, std::string> metadata;
  uint64_t data_offset = 0;
};

// Reads and checks the header only. Throws ModelError naming the file and, where one is at fault,
// the tensor: header length and syntax, duplicate keys, dtypes, shapes, overflow, holes, overlaps,
// trailing bytes, limits.
SafetensorsHeader read_safetensors_header(const ByteSource& source,
                                          const SafetensorsLimits& limits = {});

// A whole file in memory, checked.
class SafetensorsFile {
 public:
  explicit SafetensorsFile(const std::filesystem::path& path, const SafetensorsLimits& limits = {});
  // `name` stands for the file in errors.
  SafetensorsFile(std::string bytes, const std::string& name, const SafetensorsLimits& limits = {});

  std::vector<std::string> names() const;  // sorted
  bool contains(const std::string& name) const { return index_.contains(name); }
  // A view that lives as long as this object; throws ModelError naming file and tensor.
  ArrayView get(const std::string& name) const;
  const std::map<std::string, std::string>& metadata() const { return header_.metadata; }
  const SafetensorsHeader& header() const { return header_; }
  // The whole file, when it was given as bytes.
  std::string_view bytes() const { return base_ == 0 ? data_.buffer() : std::string_view(); }

 private:
  SafetensorsFile(const ByteSource& source, const SafetensorsLimits& limits);

  SafetensorsHeader header_;
  ByteSource data_;    // in memory
  uint64_t base_ = 0;  // offset in the file of the first byte of data_
  std::map<std::string, size_t> index_;
};

// The bytes of a file that holds `tensors`: deterministic, the bytes that the reference
// implementation writes (larger elements first, then by name; header padded to a multiple of 8).
// Throws ModelError for what a reader would refuse.
std::string encode_safetensors(const std::map<std::string, ArrayView>& tensors,
                               const std::map<std::string, std::string>& metadata = {});

}  // namespace ganymede::media
