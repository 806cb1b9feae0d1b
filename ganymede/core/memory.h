// A bound on this process's memory, and running out of it said in words.
#pragma once

#include <cstdint>
#include <exception>
#include <string>

#include "ganymede/core/error.h"

namespace ganymede {

// No memory was left for what was asked for.
class MemoryError : public Error {
 public:
  explicit MemoryError(ErrorParts parts) : Error(std::move(parts)) {}
};

// From now on this process may map no more than `bytes` of memory for data (RLIMIT_DATA: heap and
// stacks, not program text and files); 0 changes nothing. Throws UsageError where more is in use
// already, which names `where`.
void limit_memory(int64_t bytes, const std::string& where);

// Whether an allocator failed: std::bad_alloc, or LibTorch's error about memory or a GPU's.
bool is_out_of_memory(const std::exception& error);

// The same at a place, with what was asked for, what is in use and what is allowed.
MemoryError out_of_memory(const std::string& where, const std::exception& error);

}  // namespace ganymede
