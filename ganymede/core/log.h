// Logging through spdlog behind a small face: the library never prints by itself; a program
// decides where lines go.
#pragma once

#include <fmt/format.h>

#include <filesystem>
#include <string>
#include <string_view>

namespace ganymede {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

// Sends a line to every sink that is open (none by default).
void log(LogLevel level, std::string_view line);

template <typename... Args>
void log_debug(fmt::format_string<Args...> format, Args&&... args) {
  log(LogLevel::kDebug, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void log_info(fmt::format_string<Args...> format, Args&&... args) {
  log(LogLevel::kInfo, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void log_warning(fmt::format_string<Args...> format, Args&&... args) {
  log(LogLevel::kWarning, fmt::format(format, std::forward<Args>(args)...));
}

// Lines of `level` and above to stderr (plain "warning: ..." text, no timestamps).
void log_to_terminal(LogLevel level);

// All lines from info up, with UTC timestamps, appended to `path` while the object lives.
class LogFile {
 public:
  explicit LogFile(const std::filesystem::path& path);
  ~LogFile();
  LogFile(const LogFile&) = delete;
  LogFile& operator=(const LogFile&) = delete;

 private:
  struct Sink;
  Sink* sink_;
};

}  // namespace ganymede
