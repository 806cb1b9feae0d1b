// Record layout of zip archives (PKWARE APPNOTE 6.3), shared by reader and writer.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace ganymede::media {

inline constexpr uint32_t kZipLocalHeader = 0x04034b50;
inline constexpr uint32_t kZipDirectoryHeader = 0x02014b50;
inline constexpr uint32_t kZipEnd = 0x06054b50;
inline constexpr uint32_t kZipEnd64 = 0x06064b50;
inline constexpr uint32_t kZipEnd64Locator = 0x07064b50;

inline constexpr size_t kZipLocalHeaderBytes = 30;
inline constexpr size_t kZipDirectoryHeaderBytes = 46;
inline constexpr size_t kZipEndBytes = 22;
inline constexpr size_t kZipEnd64Bytes = 56;
inline constexpr size_t kZipEnd64LocatorBytes = 20;

inline constexpr uint16_t kZipStored = 0;
inline constexpr uint16_t kZipDeflated = 8;
inline constexpr uint16_t kZipExtra64 = 1;  // id of the zip64 extra field

inline constexpr uint16_t kZipFlagEncrypted = 1;
inline constexpr uint16_t kZipFlagDescriptor = 1 << 3;  // sizes follow the data
inline constexpr uint16_t kZipFlagPatched = 1 << 5;
inline constexpr uint16_t kZipFlagUtf8 = 1 << 11;

// In a 32-bit field: look into the zip64 extra field.
inline constexpr uint32_t kZipSee64 = 0xffffffff;
inline constexpr uint16_t kZipSee64Count = 0xffff;

// The number at `offset`; the caller has checked that it is inside.
template <typename T>
T zip_number(std::string_view bytes, size_t offset) {
  T value = 0;
  std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return value;
}

template <typename T>
void zip_put(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof(T));
}

}  // namespace ganymede::media
