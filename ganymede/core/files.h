// Durable, atomic file work. A reader sees the old file or the whole new one, never a part.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

namespace ganymede {

namespace fs = std::filesystem;

// Writes `bytes` to a temporary sibling, fsyncs it, renames it over `path`, fsyncs the folder.
// Throws FileError (no space, read-only, ...) and leaves the old file untouched.
void write_file_atomic(const fs::path& path, std::string_view bytes);

// Writes and fsyncs a new file in place (for files inside a folder that is committed as a whole).
void write_file_durable(const fs::path& path, std::string_view bytes);

// Appends with one write call and optional fsync; throws FileError.
void append_file(const fs::path& path, std::string_view bytes, bool sync = false);

// Whole file as bytes; throws FileError when missing, not a regular file or larger than `limit`.
std::string read_file(const fs::path& path, size_t limit = size_t{1} << 36);

// Makes `folder` appear at `target` atomically (rename, or exchange when target exists, removing
// the old content afterwards), fsyncing the parent. Both must be siblings.
void commit_folder(const fs::path& folder, const fs::path& target);

void sync_folder(const fs::path& folder);

// Exclusive lock of a folder through a lock file holding pid and host; released by the destructor
// and by process death (flock). Throws UsageError naming the holder when it is taken.
class FolderLock {
 public:
  explicit FolderLock(const fs::path& folder, std::string_view name = "lock");
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  fs::path path_;
  int fd_ = -1;
};

// Named fault points for the crash tests: with the environment variable
// GANYMEDE_FAULT="name:n[:action]" the n-th passage of fault_point(name) acts:
// action "kill" (default) raises SIGKILL; "enospc", "eio", "erofs", "eacces" make it throw
// FileError of that errno. Does nothing when GANYMEDE_FAULT_POINTS is 0. The writers above pass
// kFaultPoints: before each write call (of at most 1 MiB), before an fsync, before a rename, and
// after it (before its folder is synced and old content is removed).
inline constexpr const char* kFaultPoints[] = {"file.write", "file.sync", "file.rename",
                                               "file.renamed"};
void fault_point(const char* name, const fs::path& path);

}  // namespace ganymede
