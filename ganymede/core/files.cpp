#include "ganymede/core/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <string>
#include <utility>

#include "ganymede/core/error.h"
#include "ganymede/core/system_error.h"

namespace ganymede {
namespace {

constexpr size_t kWriteBytes = size_t{1} << 20;
constexpr size_t kReadBytes = size_t{1} << 20;

// An open file descriptor; whoever finishes writing calls close() to hear of late errors.
// Errors name `shown`: the file a person asked for, not the temporary one.
class File {
 public:
  File(const fs::path& path, int flags, const char* what) : File(path, flags, what, path) {}
  File(const fs::path& path, int flags, const char* what, fs::path shown)
      : path_(std::move(shown)) {
    do {
      fd_ = ::open(path.c_str(), flags | O_CLOEXEC, 0666);
    } while (fd_ < 0 && errno == EINTR);
    if (fd_ < 0) throw_system_error(path_, what, errno);
  }
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  int fd() const { return fd_; }

  void write(std::string_view bytes) {
    while (!bytes.empty()) {
      fault_point("file.write", path_);
      const ssize_t n = ::write(fd_, bytes.data(), std::min(bytes.size(), kWriteBytes));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) throw_system_error(path_, "cannot write", errno);
      bytes.remove_prefix(static_cast<size_t>(n));
    }
  }

  void sync() {
    fault_point("file.sync", path_);
    int result;
    do {
      result = ::fsync(fd_);
    } while (result != 0 && errno == EINTR);
    if (result != 0) throw_system_error(path_, "cannot write", errno);
  }

  void close() {
    // After EINTR the descriptor is gone on Linux and the data is synced already.
    if (::close(std::exchange(fd_, -1)) != 0 && errno != EINTR) {
      throw_system_error(path_, "cannot write", errno);
    }
  }

 private:
  fs::path path_;
  int fd_ = -1;
};

fs::path parent_of(const fs::path& path) {
  const fs::path parent = path.parent_path();
  return parent.empty() ? fs::path(".") : parent;
}

// Removes the temporary file of a failed write; after the rename there is nothing to remove.
struct TemporaryFile {
  fs::path path;
  ~TemporaryFile() { ::unlink(path.c_str()); }
};

// Unique among processes and threads; hidden, and short enough for any target's name.
fs::path temporary_sibling(const fs::path& path) {
  static std::atomic<unsigned> counter{0};
  const std::string name = path.filename().string().substr(0, 100);
  return parent_of(path) /
         ("." + name + ".tmp-" + std::to_string(::getpid()) + "-" + std::to_string(counter++));
}

void rename_file(const fs::path& from, const fs::path& to) {
  fault_point("file.rename", to);
  if (::rename(from.c_str(), to.c_str()) != 0) throw_system_error(to, "cannot write", errno);
  fault_point("file.renamed", to);
}

// Swaps two folders in one step; where the file system cannot (some network and overlay ones), the
// old one steps aside first, which leaves a moment without `target`.
void exchange_folders(const fs::path& folder, const fs::path& target) {
  fault_point("file.rename", target);
  if (::renameat2(AT_FDCWD, folder.c_str(), AT_FDCWD, target.c_str(), RENAME_EXCHANGE) != 0) {
    if (errno != EINVAL && errno != ENOSYS) throw_system_error(target, "cannot replace", errno);
    const fs::path aside = temporary_sibling(target);
    if (::rename(target.c_str(), aside.c_str()) != 0 ||
        ::rename(folder.c_str(), target.c_str()) != 0 ||
        ::rename(aside.c_str(), folder.c_str()) != 0) {
      throw_system_error(target, "cannot replace", errno);
    }
  }
  fault_point("file.renamed", target);
}

void sync_folder_tree(const fs::path& folder) {
  std::error_code error;
  fs::recursive_directory_iterator entry(folder, error);
  for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    if (entry->symlink_status(error).type() == fs::file_type::directory) sync_folder(entry->path());
  }
  if (error) throw_system_error(folder, "cannot commit", error.value());
  sync_folder(folder);
}

// An absolute path whose last part is a name, also for "runs/x/".
fs::path named_path(const fs::path& path) {
  const fs::path whole = fs::absolute(path).lexically_normal();
  return whole.has_filename() ? whole : whole.parent_path();
}

}  // namespace

void write_file_atomic(const fs::path& path, std::string_view bytes) {
  TemporaryFile temporary{temporary_sibling(path)};
  {
    File file(temporary.path, O_WRONLY | O_CREAT | O_EXCL, "cannot write", path);
    file.write(bytes);
    file.sync();
    file.close();
  }
  rename_file(temporary.path, path);
  sync_folder(parent_of(path));
}

void write_file_durable(const fs::path& path, std::string_view bytes) {
  File file(path, O_WRONLY | O_CREAT | O_TRUNC, "cannot write");
  file.write(bytes);
  file.sync();
  file.close();
}

void append_file(const fs::path& path, std::string_view bytes, bool sync) {
  File file(path, O_WRONLY | O_CREAT | O_APPEND, "cannot append");
  file.write(bytes);
  if (sync) file.sync();
  file.close();
}

std::string read_file(const fs::path& path, size_t limit) {
  File file(path, O_RDONLY | O_NONBLOCK, "cannot read");  // does not wait for a pipe's writer
  struct stat info{};
  if (::fstat(file.fd(), &info) != 0) throw_system_error(path, "cannot read", errno);
  if (S_ISDIR(info.st_mode)) throw_system_error(path, "cannot read", EISDIR);
  if (!S_ISREG(info.st_mode)) {
    throw FileError({.where = path.string(), .found = "not a regular file"});
  }
  const auto refuse_size = [&](size_t size) {
    throw FileError({.where = path.string(),
                     .found = "the file has " + std::to_string(size) + " bytes or more",
                     .allowed = "at most " + std::to_string(limit) + " bytes"});
  };
  const auto expected = static_cast<size_t>(info.st_size);
  if (expected > limit) refuse_size(expected);
  std::string bytes;
  for (;;) {
    const size_t have = bytes.size();
    // One byte more than the size says: then the end shows without another round.
    bytes.resize(have < expected ? expected + 1 : have + kReadBytes);
    const ssize_t n = ::read(file.fd(), bytes.data() + have, bytes.size() - have);
    bytes.resize(have + static_cast<size_t>(std::max<ssize_t>(n, 0)));
    if (n < 0 && errno != EINTR) throw_system_error(path, "cannot read", errno);
    if (bytes.size() > limit) refuse_size(bytes.size());
    if (n == 0) return bytes;
  }
}

void commit_folder(const fs::path& folder, const fs::path& target) {
  const fs::path from = named_path(folder);
  const fs::path to = named_path(target);
  if (from.parent_path() != to.parent_path()) {
    throw UsageError({.where = target.string(),
                      .found = "the folder to commit lies elsewhere: " + folder.string(),
                      .allowed = "two names in one folder"});
  }
  sync_folder_tree(from);
  std::error_code error;
  if (fs::symlink_status(to, error).type() == fs::file_type::not_found) {
    rename_file(from, to);
    sync_folder(to.parent_path());
  } else {
    exchange_folders(from, to);
    sync_folder(to.parent_path());
    fs::remove_all(from, error);  // what stays behind costs space, not correctness
  }
}

void sync_folder(const fs::path& folder) {
  File file(folder, O_RDONLY | O_DIRECTORY, "cannot open");
  // Some network file systems have nothing to sync for a folder and say EINVAL.
  if (::fsync(file.fd()) != 0 && errno != EINVAL && errno != EINTR) {
    throw_system_error(folder, "cannot write", errno);
  }
}

}  // namespace ganymede
