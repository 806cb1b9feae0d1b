// Bounded decompression (zlib) for zip members and .gz files.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ganymede::media {

enum class Wrapping { kRaw, kGzip };

// True when unpacking `packed` bytes into `size` is beyond 100:1 and worth worrying about
// (more than 16 MiB).
bool is_suspicious_ratio(uint64_t packed, uint64_t size);

// Unpacks everything; `limit` is the most bytes the result may have. Concatenated gzip members are
// joined. Throws DataError naming `where` for damaged, truncated, over-long data, trailing bytes
// and suspicious ratios.
std::string inflate_bytes(std::string_view packed, Wrapping wrapping, uint64_t limit,
                          const std::string& where);

// The first bytes (at most `count`) of what a gzip file's beginning unpacks to; fewer, or none,
// when it is damaged or too short.
std::string inflate_start(std::string_view packed, size_t count);

}  // namespace ganymede::media
