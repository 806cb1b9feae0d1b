#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>

#include "ganymede/core/error.h"
#include "ganymede/core/files.h"
#include "ganymede/core/system_error.h"

namespace ganymede {
namespace {

// The file at `path` may have been removed or replaced between open and flock.
bool still_the_file(int fd, const fs::path& path) {
  struct stat opened{};
  struct stat named{};
  return ::fstat(fd, &opened) == 0 && ::stat(path.c_str(), &named) == 0 &&
         opened.st_ino == named.st_ino && opened.st_dev == named.st_dev;
}

[[noreturn]] void throw_taken(int fd, const fs::path& path, const fs::path& folder) {
  std::array<char, 300> text{};
  const ssize_t n = ::pread(fd, text.data(), text.size(), 0);
  ::close(fd);
  std::string holder(text.data(), n > 0 ? static_cast<size_t>(n) : 0);
  while (!holder.empty() && holder.back() == '\n') holder.pop_back();
  if (holder.empty()) holder = "another process";
  throw UsageError({.where = folder.string(),
                    .found = "the folder is in use by " + holder + " (lock file " +
                             path.filename().string() + ")",
                    .remedy = "wait until it ends, or stop it, then start again"});
}

// The locked descriptor, or -1 when another try is needed.
int try_lock(const fs::path& path, const fs::path& folder) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (fd < 0) throw_system_error(path, "cannot lock the folder", errno);
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    const int error = errno;
    if (error == EWOULDBLOCK) throw_taken(fd, path, folder);
    ::close(fd);
    if (error == EINTR) return -1;
    throw_system_error(path, "cannot lock the folder", error);
  }
  if (still_the_file(fd, path)) return fd;
  ::close(fd);
  return -1;
}

std::string holder_text() {
  std::array<char, 256> host{};
  ::gethostname(host.data(), host.size() - 1);
  return "process " + std::to_string(::getpid()) + " on " + host.data() + "\n";
}

}  // namespace

FolderLock::FolderLock(const fs::path& folder, std::string_view name) : path_(folder / name) {
  while (fd_ < 0) fd_ = try_lock(path_, folder);
  const std::string text = holder_text();
  // The text only helps a person; the lock holds without it, on a full disk for instance.
  if (::ftruncate(fd_, 0) != 0 || ::pwrite(fd_, text.data(), text.size(), 0) < 0) return;
}

FolderLock::~FolderLock() {
  // Removed while still held, so nobody can lock a file that is about to go unnoticed.
  ::unlink(path_.c_str());
  ::close(fd_);
}

}  // namespace ganymede
