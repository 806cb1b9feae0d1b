#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <unordered_set>
#include <utility>

#include "ganymede/core/error.h"
#include "ganymede/core/files.h"
#include "ganymede/core/system_error.h"
#include "ganymede/media/member_name.h"
#include "ganymede/media/zip.h"
#include "ganymede/media/zip_format.h"

namespace ganymede::media {

namespace {

constexpr size_t kBufferBytes = size_t{1} << 20;
constexpr uint16_t kVersion = 20;
constexpr uint16_t kVersion64 = 45;
constexpr uint16_t kMadeOnUnix = 3 << 8;
constexpr uint16_t kDate = (0 << 9) | (1 << 5) | 1;  // 1980-01-01, the format's first day
constexpr uint32_t kFileMode = 0100644U << 16;

uint32_t clip32(uint64_t value) {
  return value >= kZipSee64 ? kZipSee64 : static_cast<uint32_t>(value);
}

uint16_t name_flags(std::string_view name) {
  const bool ascii =
      std::ranges::all_of(name, [](char c) { return static_cast<signed char>(c) >= 0; });
  return ascii ? 0 : kZipFlagUtf8;
}

// The zip64 field with those numbers that do not fit in 32 bits.
std::string extra64(std::initializer_list<uint64_t> numbers) {
  std::string fields;
  for (const uint64_t value : numbers) {
    if (value >= kZipSee64) zip_put(fields, value);
  }
  if (fields.empty()) return {};
  std::string extra;
  zip_put(extra, kZipExtra64);
  zip_put(extra, static_cast<uint16_t>(fields.size()));
  return extra + fields;
}

// What local and directory header share, from "version needed" to the extra field's length.
void put_common(std::string& out, const ZipMember& member, size_t extra_bytes) {
  zip_put(out, extra_bytes > 0 ? kVersion64 : kVersion);
  zip_put(out, name_flags(member.name));
  zip_put(out, kZipStored);
  zip_put(out, uint16_t{0});
  zip_put(out, kDate);
  zip_put(out, member.crc);
  zip_put(out, clip32(member.size));
  zip_put(out, clip32(member.size));
  zip_put(out, static_cast<uint16_t>(member.name.size()));
  zip_put(out, static_cast<uint16_t>(extra_bytes));
}

std::string local_header(const ZipMember& member) {
  // Both sizes must be there when one is.
  const std::string extra = extra64({member.size, member.size});
  std::string out;
  zip_put(out, kZipLocalHeader);
  put_common(out, member, extra.size());
  return out + member.name + extra;
}

std::string directory_header(const ZipMember& member) {
  const std::string extra = extra64({member.size, member.size, member.offset});
  std::string out;
  zip_put(out, kZipDirectoryHeader);
  zip_put(out, static_cast<uint16_t>(kMadeOnUnix | kVersion64));
  put_common(out, member, extra.size());
  zip_put(out, uint16_t{0});  // comment
  zip_put(out, uint16_t{0});  // disk
  zip_put(out, uint16_t{0});  // internal attributes
  zip_put(out, kFileMode);
  zip_put(out, clip32(member.offset));
  return out + member.name + extra;
}

std::string end_records(uint64_t count, uint64_t offset, uint64_t bytes) {
  std::string out;
  if (count >= kZipSee64Count || offset >= kZipSee64 || bytes >= kZipSee64) {
    zip_put(out, kZipEnd64);
    zip_put(out, uint64_t{kZipEnd64Bytes - 12});
    zip_put(out, static_cast<uint16_t>(kMadeOnUnix | kVersion64));
    zip_put(out, kVersion64);
    zip_put(out, uint64_t{0});  // this disk and the directory's
    zip_put(out, count);
    zip_put(out, count);
    zip_put(out, bytes);
    zip_put(out, offset);
    zip_put(out, kZipEnd64Locator);
    zip_put(out, uint32_t{0});
    zip_put(out, offset + bytes);
    zip_put(out, uint32_t{1});
  }
  const auto clipped = static_cast<uint16_t>(std::min<uint64_t>(count, kZipSee64Count));
  zip_put(out, kZipEnd);
  zip_put(out, uint32_t{0});
  zip_put(out, clipped);
  zip_put(out, clipped);
  zip_put(out, clip32(bytes));
  zip_put(out, clip32(offset));
  zip_put(out, uint16_t{0});
  return out;
}

std::filesystem::path temporary_for(const std::filesystem::path& path) {
  static std::atomic<unsigned> counter{0};
  const std::string name = path.filename().string().substr(0, 100);
  return path.parent_path() /
         ("." + name + ".tmp-" + std::to_string(::getpid()) + "-" + std::to_string(counter++));
}

}  // namespace

struct ZipWriter::State {
  std::filesystem::path path;
  std::filesystem::path temporary;
  int fd = -1;
  uint64_t offset = 0;
  std::string buffer;
  std::vector<ZipMember> members;
  std::unordered_set<std::string> names;

  ~State() {
    if (fd >= 0) ::close(fd);
    if (!temporary.empty()) ::unlink(temporary.c_str());
  }

  void write_out(std::string_view bytes) {
    while (!bytes.empty()) {
      fault_point("file.write", path);
      const ssize_t put = ::write(fd, bytes.data(), bytes.size());
      if (put < 0 && errno == EINTR) continue;
      if (put < 0) throw_system_error(path, "cannot write", errno);
      bytes.remove_prefix(static_cast<size_t>(put));
    }
  }

  void flush() {
    write_out(buffer);
    buffer.clear();
  }

  void append(std::string_view bytes) {
    offset += bytes.size();
    if (buffer.size() + bytes.size() > kBufferBytes) flush();
    if (bytes.size() > kBufferBytes) {
      write_out(bytes);
    } else {
      buffer += bytes;
    }
  }
};

ZipWriter::ZipWriter(const std::filesystem::path& path) : state_(std::make_unique<State>()) {
  state_->path = path;
  state_->temporary = temporary_for(path);
  state_->fd = ::open(state_->temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (state_->fd < 0) {
    const int reason = errno;
    state_->temporary.clear();
    throw_system_error(path, "cannot write", reason);
  }
}

ZipWriter::~ZipWriter() = default;

void ZipWriter::add(const std::string& name, std::string_view bytes) {
  const auto problem = member_name_problem(name);
  if (problem || name.ends_with('/')) {
    throw UsageError({.where = member_place(state_->path.string(), name),
                      .found = "the name " + problem.value_or("is a folder's")});
  }
  if (!state_->names.insert(name).second) {
    throw UsageError({.where = member_place(state_->path.string(), name), .found = "added twice"});
  }
  ZipMember member;
  member.name = name;
  member.size = member.packed_size = bytes.size();
  member.offset = state_->offset;
  member.crc =
      static_cast<uint32_t>(crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
  state_->append(local_header(member));
  state_->append(bytes);
  state_->members.push_back(std::move(member));
}

void ZipWriter::finish() {
  const uint64_t start = state_->offset;
  for (const ZipMember& member : state_->members) state_->append(directory_header(member));
  state_->append(end_records(state_->members.size(), start, state_->offset - start));
  state_->flush();
  fault_point("file.sync", state_->path);
  if (::fsync(state_->fd) != 0) throw_system_error(state_->path, "cannot write", errno);
  const int closed = ::close(std::exchange(state_->fd, -1));
  if (closed != 0 && errno != EINTR) throw_system_error(state_->path, "cannot write", errno);
  fault_point("file.rename", state_->path);
  if (::rename(state_->temporary.c_str(), state_->path.c_str()) != 0) {
    throw_system_error(state_->path, "cannot write", errno);
  }
  state_->temporary.clear();
  const std::filesystem::path parent = state_->path.parent_path();
  sync_folder(parent.empty() ? "." : parent);
}

}  // namespace ganymede::media
