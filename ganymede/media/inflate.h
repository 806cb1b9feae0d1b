// Bounded decompression (zlib) for zip members and .gz files.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ganymede::media {

enum class Wrapping { kRaw, kGzip };

// What anybody may unpack, however well it was packed.
inline constexpr uint64_t kHarmlessBytes = uint64_t{16} << 20;

// True when unpacking `packed` bytes into `size` is beyond 100:1 and worth worrying about
// (more than `harmless` bytes).
bool is_suspicious_ratio(uint64_t packed, uint64_t size, uint64_t harmless = kHarmlessBytes);

// Unpacks everything; `limit` is the most bytes the result may have. Concatenated gzip members are
// joined. Throws DataError naming `where` for damaged, truncated, over-long data, trailing bytes
// and suspicious ratios.
std::string inflate_bytes(std::string_view packed, Wrapping wrapping, uint64_t limit,
                          const std::string& where, uint64_t harmless = kHarmlessBytes);

// The first bytes (at most `count`) of what the beginning of packed data unpacks to; fewer, or
// none, when it is damaged or too short.
std::string inflate_start(std::string_view packed, size_t count,
                          Wrapping wrapping = Wrapping::kGzip);

}  // namespace ganymede::media
