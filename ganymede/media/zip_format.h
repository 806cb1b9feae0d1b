// Record layout of zip archives (PKWARE APPNOTE 6.3), shared by reader and writer.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace ganymede::media::zip_format {

inline constexpr uint32_t kLocalHeader = 0x04034b50;
inline constexpr uint32_t kDirectoryHeader = 0x02014b50;
inline constexpr uint32_t kEnd = 0x06054b50;
inline constexpr uint32_t kEnd64 = 0x06064b50;
inline constexpr uint32_t kEnd64Locator = 0x07064b50;

inline constexpr size_t kLocalHeaderBytes = 30;
inline constexpr size_t kDirectoryHeaderBytes = 46;
inline constexpr size_t kEndBytes = 22;
inline constexpr size_t kEnd64Bytes = 56;
inline constexpr size_t kEnd64LocatorBytes = 20;

inline constexpr uint16_t kStored = 0;
inline constexpr uint16_t kDeflated = 8;
inline constexpr uint16_t kExtra64 = 1;  // id of the zip64 extra field

inline constexpr uint16_t kFlagEncrypted = 1;
inline constexpr uint16_t kFlagDescriptor = 1 << 3;  // sizes follow the data
inline constexpr uint16_t kFlagPatched = 1 << 5;
inline constexpr uint16_t kFlagUtf8 = 1 << 11;

// In a 32-bit field: look into the zip64 extra field.
inline constexpr uint32_t kSee64 = 0xffffffff;
inline constexpr uint16_t kSee64Count = 0xffff;

// The number at `offset`; the caller has checked that it is inside.
template <typename T>
T number(std::string_view bytes, size_t offset) {
  T value = 0;
  std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return value;
}

template <typename T>
void put(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof(T));
}

}  // namespace ganymede::media::zip_format
