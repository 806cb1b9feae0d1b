#pragma once

#include <unistd.h>

#include <cstdint>

namespace ganymede::ops {

// Bytes of a core's second-level cache; 512 KiB where the system does not say.
inline int64_t second_cache_bytes() {
#ifdef _SC_LEVEL2_CACHE_SIZE
  static const int64_t found = ::sysconf(_SC_LEVEL2_CACHE_SIZE);
  if (found > 0) return found;
#endif
  return 512 << 10;
}

}  // namespace ganymede::ops
