// Plain typed arrays as files hold them: little-endian elements in C (row-major) order.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ganymede::media {

enum class DType { kBool, kU8, kI8, kI16, kU16, kI32, kU32, kI64, kU64, kF16, kBF16, kF32, kF64 };

// Bytes of one element: 1, 2, 4 or 8.
size_t element_bytes(DType dtype);

// "bool", "uint8", ..., "float16", "bfloat16", "float32", "float64": for people.
std::string_view dtype_name(DType dtype);

// Product of `shape` times the element size; nothing when a dimension is negative or the product
// does not fit in 63 bits. An empty shape is a scalar.
std::optional<uint64_t> checked_bytes(std::span<const int64_t> shape, DType dtype);

// "[2, 3]": for people.
std::string shape_text(std::span<const int64_t> shape);

// An array owned by somebody else. bytes.size() == product(shape) * element_bytes(dtype); no
// alignment is promised.
struct ArrayView {
  DType dtype = DType::kU8;
  std::vector<int64_t> shape;
  std::string_view bytes;
};

// Reverses the bytes of every element in place (big-endian files).
void swap_elements(std::span<char> bytes, size_t element_size);

}  // namespace ganymede::media
