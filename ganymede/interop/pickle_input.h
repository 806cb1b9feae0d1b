// The bytes of a pickle in order: a window of the file, never more than that in memory.
#pragma once

#include <cstdint>
#include <string>

#include "ganymede/core/error.h"
#include "ganymede/media/byte_source.h"

namespace ganymede::interop {

class PickleInput {
 public:
  // At most `limit` bytes are given out.
  PickleInput(const media::ByteSource& source, uint64_t begin, uint64_t limit);

  uint8_t byte();
  // Little-endian, of 1 to 8 bytes.
  uint64_t number(int bytes);
  std::string text(uint64_t count);
  // Up to the next newline, which is taken too.
  std::string line();

  uint64_t offset() const { return window_begin_ + at_; }
  const media::ByteSource& source() const { return source_; }

  // A ModelError at byte `at`.
  [[noreturn]] void refuse(uint64_t at, const std::string& found, const std::string& allowed = {},
                           const std::string& remedy = {}) const;

 private:
  uint64_t left() const { return end_ - offset(); }
  void fill();

  const media::ByteSource& source_;
  uint64_t end_;
  bool limited_;
  uint64_t window_begin_;
  std::string window_;
  size_t at_ = 0;
};

}  // namespace ganymede::interop
