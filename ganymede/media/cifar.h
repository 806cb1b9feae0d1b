// The binary versions of CIFAR-10 and CIFAR-100 (Krizhevsky 2009).
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ganymede::media {

enum class CifarKind { kCifar10, kCifar100 };

struct CifarBatch {
  CifarKind kind = CifarKind::kCifar10;
  int64_t count = 0;
  std::vector<uint8_t> images;  // [count, 3, 32, 32], planes red, green, blue
  std::vector<uint8_t> labels;  // 0..9, or the fine labels 0..99
  std::vector<uint8_t> coarse;  // CIFAR-100 only: 0..19
};

// Which kind the length and all labels fit; nothing when neither does (or both do).
std::optional<CifarKind> detect_cifar(std::string_view bytes);

// Throws DataError naming `where` when the length is not a multiple of 3073 (CIFAR-10) or 3074
// (CIFAR-100), is zero, or a label is out of range.
CifarBatch decode_cifar(std::string_view bytes, CifarKind kind, const std::string& where);

// Detects the kind. Throws FileError, DataError.
CifarBatch read_cifar(const std::filesystem::path& path);

}  // namespace ganymede::media
