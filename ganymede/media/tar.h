// Uncompressed tar archives (ustar, pax, GNU long names), read in place.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "ganymede/media/byte_source.h"

namespace ganymede::media {

struct TarMember {
  std::string name;  // without a leading "./"
  uint64_t offset = 0;
  uint64_t size = 0;
};

// The index of an archive's regular files. Links, devices and folders are left out and counted.
// Throws DataError naming archive and member for damaged headers, sizes beyond the file, missing
// end marker, sparse members, duplicate names and names that ZipReader would refuse too; for
// compressed archives it says how to unpack them. All const functions are thread-safe.
class TarReader {
 public:
  explicit TarReader(const std::filesystem::path& path);
  explicit TarReader(const ByteSource& source);

  const std::vector<TarMember>& members() const { return members_; }  // in file order
  size_t skipped() const { return skipped_; }
  std::optional<size_t> find(const std::string& name) const;
  const std::string& name() const { return source_.name(); }

  std::string read(size_t index) const;
  std::string read(const std::string& name) const;  // DataError when there is no such member

 private:
  void add(TarMember member);

  ByteSource source_;
  std::vector<TarMember> members_;
  std::unordered_map<std::string, size_t> index_;
  size_t skipped_ = 0;
};

}  // namespace ganymede::media
