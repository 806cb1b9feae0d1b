#include "ganymede/core/log.h"

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/dist_sink.h>
#include <unistd.h>

#include <memory>
#include <mutex>

#include "ganymede/core/error.h"
#include "ganymede/core/progress.h"

namespace ganymede {
namespace {

spdlog::level::level_enum to_spdlog(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

// Lines for a person at a terminal, kept apart from a live progress line.
class TerminalSink : public spdlog::sinks::base_sink<std::mutex> {
 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    const std::string_view text(message.payload.data(), message.payload.size());
    const char* prefix = message.level == spdlog::level::warn  ? "warning: "
                         : message.level == spdlog::level::err ? "error: "
                                                               : "";
    write_beside_progress(STDERR_FILENO, fmt::format("{}{}\n", prefix, text));
  }
  void flush_() override {}
};

struct Sinks {
  std::shared_ptr<spdlog::sinks::dist_sink_mt> all =
      std::make_shared<spdlog::sinks::dist_sink_mt>();
  std::shared_ptr<TerminalSink> terminal;
  spdlog::logger logger{"ganymede", all};

  Sinks() {
    logger.set_level(spdlog::level::debug);
    logger.flush_on(spdlog::level::info);
    // spdlog would print its own troubles to stderr; a log that cannot be written must not stop
    // or disturb the work it tells about.
    logger.set_error_handler([](const std::string&) {});
  }
};

// Never destroyed: objects with static lifetime may log at the end of the process.
Sinks& sinks() {
  static Sinks& instance = *new Sinks;
  return instance;
}

// File names and labels from outside may hold line ends and terminal commands.
std::string without_controls(std::string_view line) {
  std::string out;
  out.reserve(line.size());
  for (const char c : line) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte >= 0x20 && byte != 0x7F) || c == '\t') {
      out += c;
    } else {
      out += c == '\n' ? std::string("\\n") : fmt::format("\\x{:02x}", byte);
    }
  }
  return out;
}

}  // namespace

void log(LogLevel level, std::string_view line) {
  const std::string text = without_controls(line);
  sinks().logger.log(to_spdlog(level), spdlog::string_view_t(text.data(), text.size()));
}

void log_to_terminal(LogLevel level) {
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  if (!sinks().terminal) {
    sinks().terminal = std::make_shared<TerminalSink>();
    sinks().terminal->set_level(to_spdlog(level));
    sinks().all->add_sink(sinks().terminal);
  }
  sinks().terminal->set_level(to_spdlog(level));
}

struct LogFile::Sink {
  std::shared_ptr<spdlog::sinks::basic_file_sink_mt> file;
};

LogFile::LogFile(const std::filesystem::path& path) : sink_(nullptr) {
  try {
    auto file = std::make_shared<spdlog::sinks::basic_file_sink_mt>(path.string());
    file->set_level(spdlog::level::info);
    file->set_formatter(std::make_unique<spdlog::pattern_formatter>(
        "%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc));
    sinks().all->add_sink(file);
    sink_ = new Sink{std::move(file)};
  } catch (const spdlog::spdlog_ex& error) {
    throw FileError({.where = path.string(),
                     .found = "cannot open the log file: " + std::string(error.what()),
                     .remedy = "choose a folder that can be written"});
  }
}

LogFile::~LogFile() {
  sinks().all->remove_sink(sink_->file);
  delete sink_;
}

}  // namespace ganymede
