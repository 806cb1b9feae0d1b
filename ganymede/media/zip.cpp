#include "ganymede/media/zip.h"

#include <sys/stat.h>
#include <zlib.h>

#include <algorithm>

#include "ganymede/core/error.h"
#include "ganymede/media/inflate.h"
#include "ganymede/media/member_name.h"
#include "ganymede/media/zip_format.h"

namespace ganymede::media {

namespace {

constexpr uint64_t kDirectoryLimit = uint64_t{4} << 30;

[[noreturn]] void refuse(const std::string& where, const std::string& found,
                         const std::string& allowed = {}, const std::string& remedy = {}) {
  throw DataError({.where = where, .found = found, .allowed = allowed, .remedy = remedy});
}

struct Directory {
  uint64_t offset = 0;
  uint64_t bytes = 0;
  uint64_t count = 0;
};

// The end record is the last thing in the file, before a comment of at most 64 KiB.
uint64_t find_end(const ByteSource& source) {
  constexpr uint64_t kLongestComment = 0xffff;
  if (source.size() < kZipEndBytes) refuse(source.name(), "too short to be a zip archive");
  const uint64_t window = std::min<uint64_t>(source.size(), kZipEndBytes + kLongestComment);
  const std::string tail = source.read(source.size() - window, window);
  for (size_t i = tail.size() - kZipEndBytes + 1; i-- > 0;) {
    if (zip_number<uint32_t>(tail, i) == kZipEnd &&
        i + kZipEndBytes + zip_number<uint16_t>(tail, i + 20) == tail.size()) {
      return source.size() - window + i;
    }
  }
  refuse(source.name(), "no end-of-directory record: not a zip archive, or truncated");
}

Directory read_end64(const ByteSource& source, uint64_t end_offset) {
  if (end_offset < kZipEnd64LocatorBytes) refuse(source.name(), "zip64 locator is missing");
  const std::string locator =
      source.read(end_offset - kZipEnd64LocatorBytes, kZipEnd64LocatorBytes);
  if (zip_number<uint32_t>(locator, 0) != kZipEnd64Locator) {
    refuse(source.name(), "zip64 locator is missing");
  }
  const auto offset = zip_number<uint64_t>(locator, 8);
  if (offset > end_offset || end_offset - offset < kZipEnd64Bytes + kZipEnd64LocatorBytes) {
    refuse(source.name(), "zip64 end record lies outside the file");
  }
  const std::string end = source.read(offset, kZipEnd64Bytes);
  if (zip_number<uint32_t>(end, 0) != kZipEnd64 || zip_number<uint32_t>(end, 16) != 0 ||
      zip_number<uint32_t>(end, 20) != 0 ||
      zip_number<uint64_t>(end, 24) != zip_number<uint64_t>(end, 32)) {
    refuse(source.name(), "zip64 end record is damaged or spans several disks");
  }
  return {zip_number<uint64_t>(end, 48), zip_number<uint64_t>(end, 40),
          zip_number<uint64_t>(end, 32)};
}

Directory find_directory(const ByteSource& source) {
  const uint64_t end_offset = find_end(source);
  const std::string end = source.read(end_offset, kZipEndBytes);
  Directory directory{zip_number<uint32_t>(end, 16), zip_number<uint32_t>(end, 12),
                      zip_number<uint16_t>(end, 10)};
  if (directory.offset == kZipSee64 || directory.bytes == kZipSee64 ||
      directory.count == kZipSee64Count) {
    directory = read_end64(source, end_offset);
  } else if (zip_number<uint16_t>(end, 4) != 0 || zip_number<uint16_t>(end, 6) != 0 ||
             zip_number<uint16_t>(end, 8) != directory.count) {
    refuse(source.name(), "the archive spans several disks");
  }
  if (directory.offset > end_offset || directory.bytes > end_offset - directory.offset ||
      directory.bytes > kDirectoryLimit) {
    refuse(source.name(), "the directory lies outside the file (truncated, or bytes in front)");
  }
  if (directory.count > directory.bytes / kZipDirectoryHeaderBytes) {
    refuse(source.name(),
           "the directory is too short for its " + std::to_string(directory.count) + " members");
  }
  return directory;
}

// Replaces sizes and offset that say "see zip64" in the order the format prescribes.
void apply_extra64(std::string_view extra, ZipMember* member, const std::string& where) {
  const bool wanted =
      member->size == kZipSee64 || member->packed_size == kZipSee64 || member->offset == kZipSee64;
  if (!wanted) return;
  for (size_t at = 0; at + 4 <= extra.size();) {
    const auto id = zip_number<uint16_t>(extra, at);
    const size_t length = zip_number<uint16_t>(extra, at + 2);
    if (length > extra.size() - at - 4) break;
    if (id == kZipExtra64) {
      std::string_view fields = extra.substr(at + 4, length);
      for (uint64_t* value : {&member->size, &member->packed_size, &member->offset}) {
        if (*value != kZipSee64) continue;
        if (fields.size() < sizeof(uint64_t)) refuse(where, "zip64 field is too short");
        *value = zip_number<uint64_t>(fields, 0);
        fields.remove_prefix(sizeof(uint64_t));
      }
      return;
    }
    at += 4 + length;
  }
  refuse(where, "zip64 field is missing");
}

// One directory record and how far it reaches.
struct Record {
  ZipMember member;
  uint16_t flags = 0;
  uint16_t method = 0;
  bool regular = true;
  size_t bytes = 0;
};

// Folders end in a slash; archives made on Unix keep the file type in the high half of the
// attributes.
bool is_regular(std::string_view name, uint16_t made_by, uint32_t attributes) {
  constexpr uint16_t kUnix = 3;
  if (name.ends_with('/')) return false;
  const uint32_t type = (attributes >> 16) & S_IFMT;
  return (made_by >> 8) != kUnix || type == 0 || type == S_IFREG;
}

Record parse_record(std::string_view rest, const std::string& archive) {
  if (rest.size() < kZipDirectoryHeaderBytes ||
      zip_number<uint32_t>(rest, 0) != kZipDirectoryHeader) {
    refuse(archive, "the directory is damaged");
  }
  const size_t name_bytes = zip_number<uint16_t>(rest, 28);
  const size_t extra_bytes = zip_number<uint16_t>(rest, 30);
  Record record;
  record.bytes =
      kZipDirectoryHeaderBytes + name_bytes + extra_bytes + zip_number<uint16_t>(rest, 32);
  if (record.bytes > rest.size()) refuse(archive, "the directory is truncated");
  ZipMember& member = record.member;
  member.name = rest.substr(kZipDirectoryHeaderBytes, name_bytes);
  record.flags = zip_number<uint16_t>(rest, 8);
  record.method = zip_number<uint16_t>(rest, 10);
  member.stored = record.method == kZipStored;
  member.crc = zip_number<uint32_t>(rest, 16);
  member.packed_size = zip_number<uint32_t>(rest, 20);
  member.size = zip_number<uint32_t>(rest, 24);
  member.offset = zip_number<uint32_t>(rest, 42);
  record.regular =
      is_regular(member.name, zip_number<uint16_t>(rest, 4), zip_number<uint32_t>(rest, 38));
  apply_extra64(rest.substr(kZipDirectoryHeaderBytes + name_bytes, extra_bytes), &member,
                member_place(archive, member.name));
  return record;
}

void check_record(const Record& record, const ZipLimits& limits, const std::string& archive) {
  const ZipMember& member = record.member;
  const std::string where = member_place(archive, member.name);
  if (const auto problem = member_name_problem(member.name)) refuse(where, "the name " + *problem);
  if ((record.flags & (kZipFlagEncrypted | kZipFlagPatched)) != 0) refuse(where, "is encrypted");
  if (record.method != kZipStored && record.method != kZipDeflated) {
    refuse(where, "compression method " + std::to_string(record.method), "stored or deflated");
  }
  if (member.stored && member.size != member.packed_size) {
    refuse(where, "stored with two different sizes");
  }
  if (member.size > limits.member_bytes) {
    refuse(where, "unpacks to " + std::to_string(member.size) + " bytes",
           "at most " + std::to_string(limits.member_bytes));
  }
  if (is_suspicious_ratio(member.packed_size, member.size, limits.harmless_bytes)) {
    refuse(where, "unpacks to more than 100 times its size", "a ratio of 100:1");
  }
}

}  // namespace

ZipReader::ZipReader(const std::filesystem::path& path, const ZipLimits& limits)
    : ZipReader(ByteSource(path), limits) {}

ZipReader::ZipReader(const ByteSource& source, const ZipLimits& limits)
    : source_(source), harmless_bytes_(limits.harmless_bytes) {
  const Directory directory = find_directory(source_);
  if (directory.count > limits.members) {
    refuse(name(), std::to_string(directory.count) + " members",
           "at most " + std::to_string(limits.members));
  }
  const std::string bytes = source_.read(directory.offset, directory.bytes);
  std::string_view rest = bytes;
  uint64_t unpacked = 0;
  for (uint64_t i = 0; i < directory.count; ++i) {
    Record record = parse_record(rest, name());
    rest.remove_prefix(record.bytes);
    if (!record.regular) {
      ++skipped_;
      continue;
    }
    check_record(record, limits, name());
    if (!record.member.stored) unpacked += record.member.size;
    if (unpacked > limits.unpacked_bytes) {
      refuse(name(), "unpacks to more than " + std::to_string(limits.unpacked_bytes) + " bytes");
    }
    if (!index_.emplace(record.member.name, members_.size()).second) {
      refuse(member_place(name(), record.member.name), "appears twice");
    }
    members_.push_back(std::move(record.member));
  }
  check_layout(directory.offset);
}

// Members that share bytes are how small archives unpack to petabytes.
void ZipReader::check_layout(uint64_t directory_offset) const {
  std::vector<const ZipMember*> order;
  order.reserve(members_.size());
  for (const ZipMember& member : members_) order.push_back(&member);
  std::ranges::sort(order, {}, &ZipMember::offset);
  for (size_t i = 0; i < order.size(); ++i) {
    const ZipMember& member = *order[i];
    const uint64_t limit = i + 1 < order.size() ? order[i + 1]->offset : directory_offset;
    const uint64_t head = kZipLocalHeaderBytes + member.name.size();
    if (member.offset > limit || limit - member.offset < head ||
        limit - member.offset - head < member.packed_size) {
      refuse(member_place(name(), member.name), "overlaps what follows it, or its size is wrong");
    }
  }
}

std::optional<size_t> ZipReader::find(const std::string& name) const {
  const auto found = index_.find(name);
  if (found == index_.end()) return std::nullopt;
  return found->second;
}

std::string ZipReader::read(const std::string& name) const {
  const auto index = find(name);
  if (!index) refuse(source_.name(), "no member \"" + name + "\"");
  return read(*index);
}

std::string ZipReader::read_start(size_t index, size_t count) const {
  const ZipMember& member = members_.at(index);
  const uint64_t head = kZipLocalHeaderBytes + member.name.size();
  const std::string local = source_.read(member.offset, kZipLocalHeaderBytes);
  const uint64_t data = member.offset + head + zip_number<uint16_t>(local, 28);
  // What `count` bytes are packed into is shorter, but for a few bytes.
  constexpr size_t kSlack = 64;
  const auto wanted = std::min<uint64_t>(member.packed_size, count + kSlack);
  const std::string packed = source_.read(data, wanted);
  return member.stored ? packed.substr(0, count) : inflate_start(packed, count, Wrapping::kRaw);
}

std::string ZipReader::read(size_t index) const {
  const ZipMember& member = members_.at(index);
  const std::string where = member_place(name(), member.name);
  const size_t head = kZipLocalHeaderBytes + member.name.size();
  const std::string local = source_.read(member.offset, head);
  const auto flags = zip_number<uint16_t>(local, 6);
  const bool sizes_follow = (flags & kZipFlagDescriptor) != 0;
  const auto agrees = [&](size_t at, uint64_t value) {
    const auto found = zip_number<uint32_t>(local, at);
    return found == kZipSee64 || found == value || (sizes_follow && found == 0);
  };
  if (zip_number<uint32_t>(local, 0) != kZipLocalHeader ||
      zip_number<uint16_t>(local, 8) != (member.stored ? kZipStored : kZipDeflated) ||
      zip_number<uint16_t>(local, 26) != member.name.size() ||
      std::string_view(local).substr(kZipLocalHeaderBytes) != member.name ||
      !agrees(14, member.crc) || !agrees(18, member.packed_size) || !agrees(22, member.size)) {
    refuse(where, "local header and directory disagree");
  }
  const uint64_t data = member.offset + head + zip_number<uint16_t>(local, 28);
  std::string bytes = source_.read(data, member.packed_size);
  if (!member.stored) {
    bytes = inflate_bytes(bytes, Wrapping::kRaw, member.size, where, harmless_bytes_);
  }
  if (bytes.size() != member.size) {
    refuse(where, "unpacks to " + std::to_string(bytes.size()) + " bytes instead of " +
                      std::to_string(member.size));
  }
  const auto crc = crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
  if (crc != member.crc) refuse(where, "CRC is wrong: the archive is damaged");
  return bytes;
}

}  // namespace ganymede::media
