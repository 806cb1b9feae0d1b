// Random access to the bytes of a file or of a buffer, for readers that may run in many threads.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace ganymede::media {

// An opened regular file (read with pread, never mapped) or an owned buffer. Copies share it.
// All reads are thread-safe.
class ByteSource {
 public:
  // Throws FileError when `path` is missing, unreadable or not a regular file.
  explicit ByteSource(const std::filesystem::path& path);
  // `name` stands for the buffer in error messages.
  ByteSource(std::string bytes, std::string name);

  uint64_t size() const;
  const std::string& name() const;
  // The buffer itself; empty for a file.
  std::string_view buffer() const;

  // Fills out[0, count) from `offset`. Throws DataError when the source ends before, as happens
  // when a file is cut while it is read, FileError when the device fails.
  void read(uint64_t offset, char* out, size_t count) const;
  std::string read(uint64_t offset, size_t count) const;

 private:
  struct State;
  std::shared_ptr<const State> state_;
};

}  // namespace ganymede::media
