#include "ganymede/media/array.h"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <string>

namespace ganymede::media {

static_assert(std::endian::native == std::endian::little, "files are read without swapping");

namespace {

struct DTypeRow {
  std::string_view name;
  size_t bytes;
};

// In the order of DType.
constexpr std::array<DTypeRow, 13> kRows = {{{"bool", 1},
                                             {"uint8", 1},
                                             {"int8", 1},
                                             {"int16", 2},
                                             {"uint16", 2},
                                             {"int32", 4},
                                             {"uint32", 4},
                                             {"int64", 8},
                                             {"uint64", 8},
                                             {"float16", 2},
                                             {"bfloat16", 2},
                                             {"float32", 4},
                                             {"float64", 8}}};

}  // namespace

size_t element_bytes(DType dtype) { return kRows.at(static_cast<size_t>(dtype)).bytes; }

std::string_view dtype_name(DType dtype) { return kRows.at(static_cast<size_t>(dtype)).name; }

std::optional<uint64_t> checked_bytes(std::span<const int64_t> shape, DType dtype) {
  // A zero dimension must not hide an overflow of the others: readers elsewhere multiply in order.
  uint64_t product = element_bytes(dtype);
  bool empty = false;
  for (const int64_t dimension : shape) {
    if (dimension < 0) return std::nullopt;
    if (dimension == 0) {
      empty = true;
      continue;
    }
    if (__builtin_mul_overflow(product, static_cast<uint64_t>(dimension), &product)) {
      return std::nullopt;
    }
  }
  if (product > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) return std::nullopt;
  return empty ? 0 : product;
}

std::string shape_text(std::span<const int64_t> shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); ++i) {
    if (i > 0) text += ", ";
    text += std::to_string(shape[i]);
  }
  return text + "]";
}

void swap_elements(std::span<char> bytes, size_t element_size) {
  for (size_t i = 0; i + element_size <= bytes.size(); i += element_size) {
    std::reverse(bytes.data() + i, bytes.data() + i + element_size);
  }
}

}  // namespace ganymede::media
