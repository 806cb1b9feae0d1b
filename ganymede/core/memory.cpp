#include "ganymede/core/memory.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <new>
#include <regex>

#include "ganymede/core/system_error.h"
#include "ganymede/core/text.h"
#include "ganymede/core/tuning.h"

namespace ganymede {
namespace {

int64_t data_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_DATA, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return 0;
  return static_cast<int64_t>(limit.rlim_cur);
}

}  // namespace

void limit_memory(int64_t bytes, const std::string& where) {
  if (bytes <= 0) return;
  if (const int64_t used = data_bytes(); used >= bytes) {
    throw UsageError({.where = where,
                      .found = format_bytes(bytes) + ", and " + format_bytes(used) +
                               " are in use before the first sample is read",
                      .allowed = "more, or 0 for no limit"});
  }
  rlimit limit{};
  if (::getrlimit(RLIMIT_DATA, &limit) == 0) {
    limit.rlim_cur = std::min(static_cast<rlim_t>(bytes), limit.rlim_max);
    if (::setrlimit(RLIMIT_DATA, &limit) == 0) return;
  }
  throw_system_error(where, "cannot limit the memory", errno);
}

bool is_out_of_memory(const std::exception& error) {
  if (dynamic_cast<const std::bad_alloc*>(&error) != nullptr) return true;
  const std::string text = error.what();
  return text.find("DefaultCPUAllocator") != std::string::npos ||
         text.find("CUDA out of memory") != std::string::npos;
}

MemoryError out_of_memory(const std::string& where, const std::exception& error) {
  std::string asked;
  std::smatch found;
  const std::string text = error.what();
  if (std::regex_search(text, found, std::regex("tried to allocate (\\d+) bytes"))) {
    asked = " for another " + format_bytes(std::stoll(found[1]));
  }
  const int64_t limit = data_limit();
  return MemoryError(
      {.where = where,
       .found = "no memory" + asked + " beside the " + format_bytes(data_bytes()) + " in use",
       .allowed = format_bytes(limit > 0 ? limit : usable_memory_bytes()) +
                  (limit > 0 ? " (train.memory_mib, or ulimit -d)" : ""),
       .remedy = "a smaller train.batch, or train.accumulate=2 for the same batch in two parts"});
}

}  // namespace ganymede
