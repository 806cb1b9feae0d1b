#include "ganymede/data/array_labels.h"

#include <cstring>

#include "ganymede/core/error.h"

namespace ganymede::data {
namespace {

using media::DType;

template <class T>
std::vector<int64_t> integers(const media::NpyArray& array) {
  std::vector<int64_t> result;
  for (size_t at = 0; at + sizeof(T) <= array.bytes.size(); at += sizeof(T)) {
    T value;
    std::memcpy(&value, array.bytes.data() + at, sizeof(T));
    result.push_back(static_cast<int64_t>(value));
  }
  return result;
}

}  // namespace

std::string describe(const media::NpyArray& array) {
  return std::string(media::dtype_name(array.dtype)) + " " + media::shape_text(array.shape);
}

std::vector<int64_t> array_labels(const media::NpyArray& array, const std::string& where) {
  if (array.shape.size() == 1 || (array.shape.size() == 2 && array.shape[1] == 1)) {
    if (array.dtype == DType::kU8) return integers<uint8_t>(array);
    if (array.dtype == DType::kI8) return integers<int8_t>(array);
    if (array.dtype == DType::kI16) return integers<int16_t>(array);
    if (array.dtype == DType::kU16) return integers<uint16_t>(array);
    if (array.dtype == DType::kI32) return integers<int32_t>(array);
    if (array.dtype == DType::kU32) return integers<uint32_t>(array);
    if (array.dtype == DType::kI64) return integers<int64_t>(array);
  }
  throw DataError(
      {where, "labels as " + describe(array), "integers [N]", "--set data.labels=false"});
}

}  // namespace ganymede::data
