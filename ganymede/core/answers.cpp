#include "ganymede/core/answers.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <optional>
#include <string_view>

namespace ganymede {
namespace {

namespace fs = std::filesystem;

// A file opened for reading and appending, locked against other processes; -1 where it cannot be.
class Locked {
 public:
  explicit Locked(const fs::path& path) {
    std::error_code ignored;
    if (path.empty()) return;
    fs::create_directories(path.parent_path(), ignored);
    fd_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    while (fd_ >= 0 && ::flock(fd_, LOCK_EX) != 0 && errno == EINTR) {
    }
  }
  ~Locked() {
    if (fd_ >= 0) ::close(fd_);
  }
  Locked(const Locked&) = delete;
  Locked& operator=(const Locked&) = delete;

  std::string read() const {
    std::string text;
    std::array<char, 4096> part{};
    ssize_t n = 0;
    while (fd_ >= 0 && (n = ::read(fd_, part.data(), part.size())) > 0) {
      text.append(part.data(), static_cast<size_t>(n));
    }
    return text;
  }

  // False where nothing, or only a part, was written: readers skip such a line.
  bool append(const std::string& text) const {
    return fd_ >= 0 && ::write(fd_, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  }

 private:
  int fd_ = -1;
};

std::optional<std::string> answer_in(std::string_view text, const std::string& question) {
  const std::string begin = question + "\t";
  while (!text.empty()) {
    const size_t end = text.find('\n');
    if (end == std::string_view::npos) return {};  // a line that was never finished
    const std::string_view line = text.substr(0, end);
    if (line.starts_with(begin)) return std::string(line.substr(begin.size()));
    text.remove_prefix(end + 1);
  }
  return {};
}

}  // namespace

fs::path cache_folder(const std::string& name) {
  const auto folder = [](const char* variable) {
    const char* value = std::getenv(variable);
    return fs::path(value ? value : "");
  };
  // The specification: relative paths are to be ignored.
  if (const auto cache = folder("XDG_CACHE_HOME"); cache.is_absolute()) {
    return cache / "ganymede" / name;
  }
  if (const auto home = folder("HOME"); home.is_absolute()) {
    return home / ".cache" / "ganymede" / name;
  }
  return {};
}

std::string AnswerFile::ask(const std::string& question,
                            const std::function<std::string()>& find) const {
  const Locked file(path_);
  const std::string text = file.read();
  if (auto known = answer_in(text, question)) return *known;
  std::string answer = find();
  const std::string unfinished = text.empty() || text.back() == '\n' ? "" : "\n";
  file.append(unfinished + question + "\t" + answer + "\n");
  return answer;
}

}  // namespace ganymede
