// Zip archives without extraction: members are read into memory by number or name.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "ganymede/media/byte_source.h"

namespace ganymede::media {

struct ZipMember {
  std::string name;
  uint64_t size = 0;         // unpacked, in bytes
  uint64_t packed_size = 0;  // equal to size when stored
  uint64_t offset = 0;       // of the local header
  uint32_t crc = 0;
  bool stored = true;  // else deflated
};

struct ZipLimits {
  size_t members = size_t{1} << 24;
  uint64_t member_bytes = uint64_t{1} << 33;
  uint64_t unpacked_bytes = uint64_t{1} << 36;   // sum over deflated members
  uint64_t harmless_bytes = uint64_t{16} << 20;  // up to this a member may be packed beyond 100:1
};

// Reads the directory of an archive (zip64 included) and its members. Refused with DataError:
// encrypted members, methods other than stored and deflate, names that are absolute or contain
// "..", backslashes, control characters or more than 4096 bytes, duplicates, overlapping members,
// ratios beyond 100:1 of large members, archives over several disks. Folders and links are left out
// and counted. All const functions are thread-safe.
class ZipReader {
 public:
  explicit ZipReader(const std::filesystem::path& path, const ZipLimits& limits = {});
  explicit ZipReader(const ByteSource& source, const ZipLimits& limits = {});

  const std::vector<ZipMember>& members() const { return members_; }  // in directory order
  size_t skipped() const { return skipped_; }
  std::optional<size_t> find(const std::string& name) const;
  const std::string& name() const { return source_.name(); }

  // The unpacked bytes. Throws DataError naming archive and member when the local header disagrees
  // with the directory, sizes lie or the CRC is wrong.
  std::string read(size_t index) const;
  std::string read(const std::string& name) const;  // also when there is no such member
  // Its first bytes, at most `count`, for a look at what it is; fewer, or none, when it is damaged.
  std::string read_start(size_t index, size_t count) const;

 private:
  void check_layout(uint64_t directory_offset) const;

  ByteSource source_;
  std::vector<ZipMember> members_;
  std::unordered_map<std::string, size_t> index_;
  size_t skipped_ = 0;
  uint64_t harmless_bytes_;
};

// Writes an archive of stored members, one after another, with constant memory; zip64 where sizes
// need it. Dates are fixed, so equal members give equal bytes. The archive appears at `path` when
// finish() succeeds; until then, and without it, nothing is there.
class ZipWriter {
 public:
  explicit ZipWriter(const std::filesystem::path& path);
  ~ZipWriter();
  ZipWriter(const ZipWriter&) = delete;
  ZipWriter& operator=(const ZipWriter&) = delete;

  // Throws UsageError for names that a reader would refuse and for repeated ones, FileError.
  void add(const std::string& name, std::string_view bytes);
  // Writes the directory, fsyncs and renames. Throws FileError.
  void finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ganymede::media
