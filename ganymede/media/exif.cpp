#include "ganymede/media/exif.h"

#include <cstddef>
#include <cstdint>

namespace ganymede::media {
namespace {

constexpr uint32_t kOrientationTag = 0x0112;
constexpr uint32_t kShortType = 3;

// Little- or big-endian integers with bounds; what lies outside reads as zero.
class TiffView {
 public:
  explicit TiffView(std::string_view block) : block_(block), little_(block.substr(0, 2) == "II") {}

  uint32_t number(size_t offset, int bytes) const {
    if (offset > block_.size() || block_.size() - offset < static_cast<size_t>(bytes)) return 0;
    uint32_t value = 0;
    for (int i = 0; i < bytes; ++i) {
      const auto byte = static_cast<uint8_t>(block_[offset + (little_ ? bytes - 1 - i : i)]);
      value = value << 8U | byte;
    }
    return value;
  }

 private:
  std::string_view block_;
  bool little_;
};

}  // namespace

int exif_orientation(std::string_view block) {
  constexpr std::string_view kPrefix("Exif\0\0", 6);
  if (block.substr(0, kPrefix.size()) == kPrefix) block.remove_prefix(kPrefix.size());
  const TiffView tiff(block);
  const bool valid =
      (block.substr(0, 2) == "II" || block.substr(0, 2) == "MM") && tiff.number(2, 2) == 42;
  if (!valid) return 1;
  const size_t directory = tiff.number(4, 4);
  const uint32_t entries = tiff.number(directory, 2);
  for (uint32_t i = 0; i < entries; ++i) {
    const size_t entry = directory + 2 + size_t{12} * i;
    if (tiff.number(entry, 2) != kOrientationTag || tiff.number(entry + 2, 2) != kShortType)
      continue;
    const uint32_t value = tiff.number(entry + 8, 2);
    return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

}  // namespace ganymede::media
