#include "ganymede/media/cifar.h"

#include <array>

#include "ganymede/core/error.h"
#include "ganymede/core/files.h"

namespace ganymede::media {
namespace {

constexpr size_t kImageBytes = 3 * 32 * 32;
constexpr uint64_t kFileLimit = uint64_t{4} << 30;

// Label bytes in front of every image, and how many values each may have.
struct Layout {
  std::string_view name;
  size_t label_bytes;
  std::array<int, 2> classes;
  size_t record() const { return label_bytes + kImageBytes; }
};

constexpr Layout kCifar10Layout = {"CIFAR-10", 1, {10, 0}};
constexpr Layout kCifar100Layout = {"CIFAR-100", 2, {20, 100}};

const Layout& layout_of(CifarKind kind) {
  return kind == CifarKind::kCifar10 ? kCifar10Layout : kCifar100Layout;
}

// The first record with a label out of range, or nothing.
std::optional<size_t> bad_record(std::string_view bytes, const Layout& layout) {
  for (size_t i = 0; i * layout.record() < bytes.size(); ++i) {
    for (size_t l = 0; l < layout.label_bytes; ++l) {
      const int label = static_cast<unsigned char>(bytes[i * layout.record() + l]);
      if (label >= layout.classes[l]) return i;
    }
  }
  return std::nullopt;
}

bool fits(std::string_view bytes, const Layout& layout) {
  return !bytes.empty() && bytes.size() % layout.record() == 0 && !bad_record(bytes, layout);
}

void check(std::string_view bytes, const Layout& layout, const std::string& where) {
  const std::string name(layout.name);
  if (bytes.empty() || bytes.size() % layout.record() != 0) {
    throw DataError({.where = where,
                     .found = std::to_string(bytes.size()) + " bytes, no " + name + " batch",
                     .allowed = "a multiple of " + std::to_string(layout.record()) + " bytes"});
  }
  if (const auto record = bad_record(bytes, layout)) {
    throw DataError(
        {.where = where,
         .found = "record " + std::to_string(*record) + " has no " + name + " label",
         .allowed = layout.label_bytes == 1 ? "0 to 9" : "coarse 0 to 19, fine 0 to 99"});
  }
}

}  // namespace

std::optional<CifarKind> detect_cifar(std::string_view bytes) {
  const bool ten = fits(bytes, kCifar10Layout);
  const bool hundred = fits(bytes, kCifar100Layout);
  if (ten == hundred) return std::nullopt;
  return ten ? CifarKind::kCifar10 : CifarKind::kCifar100;
}

CifarBatch decode_cifar(std::string_view bytes, CifarKind kind, const std::string& where) {
  const Layout& layout = layout_of(kind);
  check(bytes, layout, where);
  CifarBatch batch;
  batch.kind = kind;
  batch.count = static_cast<int64_t>(bytes.size() / layout.record());
  batch.images.reserve(static_cast<size_t>(batch.count) * kImageBytes);
  for (size_t at = 0; at < bytes.size(); at += layout.record()) {
    const std::string_view record = bytes.substr(at, layout.record());
    if (kind == CifarKind::kCifar100) batch.coarse.push_back(static_cast<uint8_t>(record[0]));
    batch.labels.push_back(static_cast<uint8_t>(record[layout.label_bytes - 1]));
    batch.images.insert(batch.images.end(), record.begin() + static_cast<long>(layout.label_bytes),
                        record.end());
  }
  return batch;
}

CifarBatch read_cifar(const std::filesystem::path& path) {
  const std::string bytes = read_file(path, kFileLimit);
  const auto kind = detect_cifar(bytes);
  if (!kind) {
    throw DataError({.where = path.string(),
                     .found = std::to_string(bytes.size()) + " bytes that fit neither CIFAR kind",
                     .allowed =
                         "records of 3073 bytes (CIFAR-10) or 3074 (CIFAR-100) with labels in "
                         "range",
                     .remedy = "the binary version of the data set, unpacked"});
  }
  return decode_cifar(bytes, *kind, path.string());
}

}  // namespace ganymede::media
