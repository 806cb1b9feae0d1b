#include "ganymede/media/tensor_temporary.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ganymede/core/files.h"
#include "ganymede/core/system_error.h"
#include "ganymede/media/tensor_folder.h"

namespace ganymede::media {
namespace {

constexpr std::string_view kFolderPrefix = ".tmp-";
constexpr std::string_view kFileMark = ".tmp-";  // within ".name.tmp-<pid>-<n>"
constexpr int kLockTries = 100;

// A container often gives the next program the same pid: what is older than this program is not its
// own.
const fs::file_time_type program_start = fs::file_time_type::clock::now();

int open_folder(const fs::path& path) {
  return ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

// The pid in ".name.tmp-<pid>-<n>"; nothing for other names.
std::optional<pid_t> writer_of(std::string_view name) {
  const size_t mark = name.rfind(kFileMark);
  if (!name.starts_with('.') || mark == std::string_view::npos || mark == 0) return std::nullopt;
  const std::string_view rest = name.substr(mark + kFileMark.size());
  pid_t pid = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), pid);
  const bool complete = end != rest.data() + rest.size() && *end == '-';
  if (error != std::errc() || !complete || pid <= 0) return std::nullopt;
  return pid;
}

bool is_dead(pid_t pid, const fs::path& path) {
  if (pid != ::getpid()) return ::kill(pid, 0) != 0 && errno == ESRCH;
  std::error_code error;
  const auto written = fs::last_write_time(path, error);
  return !error && written < program_start;
}

bool remove_unlocked_folder(const fs::path& path) {
  const int fd = open_folder(path);
  if (fd < 0) return false;
  const bool unlocked = ::flock(fd, LOCK_EX | LOCK_NB) == 0;
  std::error_code error;
  const bool removed = unlocked && fs::remove_all(path, error) > 0 && !error;
  ::close(fd);
  return removed;
}

bool remove_when_stale(const fs::path& path) {
  const std::string name = path.filename().string();
  std::error_code error;
  if (name.starts_with(kFolderPrefix)) {
    return fs::symlink_status(path, error).type() == fs::file_type::directory &&
           remove_unlocked_folder(path);
  }
  const auto pid = writer_of(name);
  return pid && is_dead(*pid, path) && fs::remove_all(path, error) > 0 && !error;
}

}  // namespace

TemporaryFolder::TemporaryFolder(const fs::path& target) {
  static std::atomic<unsigned> counter{0};
  const fs::path whole = fs::absolute(target).lexically_normal();
  const fs::path named = whole.has_filename() ? whole : whole.parent_path();
  const std::string name = std::string(kFolderPrefix) + named.filename().string().substr(0, 100) +
                           "-" + std::to_string(::getpid()) + "-";
  for (int i = 0; i < kLockTries; ++i) {
    path_ = named.parent_path() / (name + std::to_string(counter++));
    if (::mkdir(path_.c_str(), 0777) != 0) {
      if (errno == EEXIST) continue;  // left by a dead process of the same number
      throw_system_error(target, "cannot write", errno);
    }
    fd_ = open_folder(path_);
    if (fd_ < 0) continue;  // taken for stale by another process before it could be locked
    if (::flock(fd_, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) return;
    ::close(std::exchange(fd_, -1));
  }
  throw_system_error(target, "cannot write", EEXIST);
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code error;
  fs::remove_all(path_, error);
  if (fd_ >= 0) ::close(fd_);
}

int remove_stale_temporaries(const fs::path& parent) {
  std::vector<fs::path> found;
  std::error_code error;
  fs::directory_iterator entry(parent, error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    found.push_back(entry->path());
  }
  int removed = 0;
  for (const fs::path& path : found) removed += remove_when_stale(path) ? 1 : 0;
  return removed;
}

}  // namespace ganymede::media
