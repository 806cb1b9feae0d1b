#include "ganymede/media/safetensors.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <tuple>
#include <utility>

#include "ganymede/core/error.h"
#include "ganymede/media/safetensors_json.h"

namespace ganymede::media {
namespace {

constexpr size_t kLengthBytes = 8;

// Order of the data by type, as the reference writes it: larger elements first.
constexpr std::array kOrder = {DType::kU64, DType::kI64,  DType::kF64, DType::kF32, DType::kU32,
                               DType::kI32, DType::kBF16, DType::kF16, DType::kU16, DType::kI16,
                               DType::kI8,  DType::kU8,   DType::kBool};

[[noreturn]] void refuse(const std::string& where, const std::string& found,
                         const std::string& allowed = {}) {
  throw ModelError({.where = where, .found = found, .allowed = allowed});
}

// A file that shrinks while it is read is a damaged model, like any other truncated one.
std::string read_part(const ByteSource& source, uint64_t offset, uint64_t count) {
  try {
    return source.read(offset, count);
  } catch (const DataError& error) {
    throw ModelError(error.parts());
  }
}

uint64_t header_length(const ByteSource& source, const SafetensorsLimits& limits) {
  if (source.size() < kLengthBytes) {
    refuse(source.name(), "only " + std::to_string(source.size()) + " bytes long",
           "a safetensors file has at least 8");
  }
  if (source.size() > limits.total_bytes) {
    refuse(source.name(), std::to_string(source.size()) + " bytes long",
           "at most " + std::to_string(limits.total_bytes));
  }
  uint64_t length = 0;
  std::memcpy(&length, read_part(source, 0, kLengthBytes).data(), kLengthBytes);
  if (length > limits.header_bytes) {
    refuse(source.name(), "header length " + std::to_string(length),
           "at most " + std::to_string(limits.header_bytes));
  }
  if (length > source.size() - kLengthBytes) {
    refuse(source.name(), "header of " + std::to_string(length) +
                              " bytes does not fit in a file of " + std::to_string(source.size()) +
                              " bytes (truncated?)");
  }
  return length;
}

// Entries come in file order: they must follow one another from 0 to the end without a gap.
void check_contiguous(const SafetensorsHeader& header, uint64_t data_bytes,
                      const std::string& where) {
  uint64_t expected = 0;
  for (const SafetensorsEntry& entry : header.entries) {
    if (entry.offset != expected) {
      refuse(where,
             "tensor \"" + entry.name + "\" begins at data byte " + std::to_string(entry.offset) +
                 ", the one before ends at " + std::to_string(expected),
             "tensors without holes or overlaps");
    }
    expected += entry.bytes;
  }
  if (expected != data_bytes) {
    refuse(where, "tensors take " + std::to_string(expected) + " bytes of data, the file holds " +
                      std::to_string(data_bytes) +
                      (expected > data_bytes ? " (truncated)" : " (trailing bytes)"));
  }
}

std::map<std::string, size_t> index_of(const SafetensorsHeader& header) {
  std::map<std::string, size_t> index;
  for (size_t i = 0; i < header.entries.size(); ++i) index.emplace(header.entries[i].name, i);
  return index;
}

ByteSource in_memory(const ByteSource& source, uint64_t offset) {
  if (!source.buffer().empty()) return source;
  return {read_part(source, offset, source.size() - offset), source.name()};
}

}  // namespace

SafetensorsHeader read_safetensors_header(const ByteSource& source,
                                          const SafetensorsLimits& limits) {
  const uint64_t length = header_length(source, limits);
  const std::string text = read_part(source, kLengthBytes, length);
  SafetensorsHeader header = parse_safetensors_json(text, limits, source.name());
  header.data_offset = kLengthBytes + length;
  const uint64_t data_bytes = source.size() - header.data_offset;
  std::ranges::sort(header.entries, [](const SafetensorsEntry& a, const SafetensorsEntry& b) {
    return std::tie(a.offset, a.bytes, a.name) < std::tie(b.offset, b.bytes, b.name);
  });
  check_contiguous(header, data_bytes, source.name());
  for (SafetensorsEntry& entry : header.entries) entry.offset += header.data_offset;
  return header;
}

SafetensorsFile::SafetensorsFile(const std::filesystem::path& path, const SafetensorsLimits& limits)
    : SafetensorsFile(ByteSource(path), limits) {}

SafetensorsFile::SafetensorsFile(std::string bytes, const std::string& name,
                                 const SafetensorsLimits& limits)
    : SafetensorsFile(ByteSource(std::move(bytes), name), limits) {}

SafetensorsFile::SafetensorsFile(const ByteSource& source, const SafetensorsLimits& limits)
    : header_(read_safetensors_header(source, limits)),
      data_(in_memory(source, header_.data_offset)),
      base_(source.buffer().empty() ? header_.data_offset : 0),
      index_(index_of(header_)) {}

std::vector<std::string> SafetensorsFile::names() const {
  std::vector<std::string> names;
  names.reserve(index_.size());
  for (const auto& item : index_) names.push_back(item.first);
  return names;
}

ArrayView SafetensorsFile::get(const std::string& name) const {
  const auto found = index_.find(name);
  if (found == index_.end()) refuse(data_.name(), "no tensor \"" + name + "\"");
  const SafetensorsEntry& entry = header_.entries[found->second];
  return {entry.dtype, entry.shape, data_.buffer().substr(entry.offset - base_, entry.bytes)};
}

std::string encode_safetensors(const std::map<std::string, ArrayView>& tensors,
                               const std::map<std::string, std::string>& metadata) {
  std::vector<const std::pair<const std::string, ArrayView>*> order;
  order.reserve(tensors.size());
  for (const auto& item : tensors) order.push_back(&item);
  std::ranges::sort(order, {}, [](const auto* item) {
    const auto rank = std::ranges::find(kOrder, item->second.dtype) - kOrder.begin();
    return std::pair<int64_t, std::string_view>(rank, item->first);
  });
  std::vector<SafetensorsEntry> entries;
  entries.reserve(order.size());
  uint64_t offset = 0;
  for (const auto* item : order) {
    const ArrayView& array = item->second;
    entries.push_back({item->first, array.dtype, array.shape, offset, array.bytes.size()});
    offset += array.bytes.size();
  }
  const std::string header = write_safetensors_json(entries, metadata);
  std::string bytes;
  bytes.reserve(kLengthBytes + header.size() + offset);
  const uint64_t length = header.size();
  bytes.append(reinterpret_cast<const char*>(&length), kLengthBytes);
  bytes += header;
  for (const auto* item : order) bytes += item->second.bytes;
  return bytes;
}

}  // namespace ganymede::media
