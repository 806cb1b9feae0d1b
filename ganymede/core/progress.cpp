#include "ganymede/core/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <mutex>

#include "ganymede/core/progress_text.h"

namespace ganymede {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kRepaint{200};
constexpr std::chrono::milliseconds kJsonInterval{1000};
constexpr double kRateInterval_s = 0.5;  // shorter ones measure the clock rather than the work
constexpr const char* kClearLine = "\r\x1b[K";

// Everything written beside the live line goes through one lock, so that lines stay whole.
std::mutex& output_mutex() {
  static std::mutex& mutex = *new std::mutex;
  return mutex;
}

std::string& live_line() {
  static std::string& line = *new std::string;
  return line;
}

// Progress is a courtesy: a closed pipe or a full disk behind it must not end the work.
void write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;
    text.remove_prefix(static_cast<size_t>(n));
  }
}

bool terminal_speaks_utf8() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const char* value = std::getenv(name);
    if (value == nullptr || *value == '\0') continue;
    const std::string_view text(value);
    return text.find("UTF-8") != text.npos || text.find("utf8") != text.npos;
  }
  return false;
}

bool color_wanted() {
  const char* no_color = std::getenv("NO_COLOR");
  const char* terminal = std::getenv("TERM");
  return (no_color == nullptr || *no_color == '\0') &&
         !(terminal != nullptr && std::string_view(terminal) == "dumb");
}

size_t terminal_width(int fd) {
  winsize size{};
  if (::ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

}  // namespace

struct Progress::Impl {
  ProgressMode mode;
  std::chrono::milliseconds interval;
  int fd;
  ProgressView view;
  LineStyle style;
  RateMeter meter;
  Clock::time_point start = Clock::now();
  Clock::time_point last_shown;
  double last_measured_s = 0;
  bool measured = false;
  bool shown = false;    // something has been written
  bool pending = false;  // the last update has not been
  bool finished = false;

  void note(const ProgressUpdate& update) {
    view.update = update;
    view.elapsed_s = std::chrono::duration<double>(Clock::now() - start).count();
    if (!measured || view.elapsed_s - last_measured_s >= kRateInterval_s) {
      meter.add(view.elapsed_s, update.done);
      last_measured_s = view.elapsed_s;
      measured = true;
    }
    view.rate = meter.rate();
    const double left = update.total - update.done;
    view.remaining_s = view.rate > 0 && update.total > 0 ? std::max(0.0, left / view.rate) : -1;
    pending = true;
  }

  bool due() const { return !shown || Clock::now() - last_shown >= interval; }

  void show() {
    if (mode == ProgressMode::kTerminal) {
      style.width = terminal_width(fd);
      live_line() = progress_line(view, style);
      write_all(fd, kClearLine + live_line());
    } else if (mode == ProgressMode::kPlain) {
      write_all(fd, progress_plain(view) + "\n");
    } else if (mode == ProgressMode::kJson) {
      write_all(fd, progress_json(view) + "\n");
    }
    last_shown = Clock::now();
    shown = true;
    pending = false;
  }

  void say(const std::string& text) {
    const bool repaint = mode == ProgressMode::kTerminal && !live_line().empty();
    write_all(fd, (repaint ? kClearLine : "") + text + "\n" + (repaint ? live_line() : ""));
  }

  // Leaves the last state as a line of its own.
  void end_line() {
    if (pending) show();
    if (mode == ProgressMode::kTerminal && !live_line().empty()) write_all(fd, "\n");
    if (mode == ProgressMode::kTerminal) live_line().clear();
    finished = true;
  }
};

Progress::Progress(ProgressMode mode, std::string task, std::string unit,
                   std::chrono::milliseconds plain_interval, int fd)
    : impl_(std::make_unique<Impl>()) {
  impl_->mode = mode;
  impl_->interval = mode == ProgressMode::kTerminal ? kRepaint
                    : mode == ProgressMode::kJson   ? kJsonInterval
                                                    : plain_interval;
  impl_->fd = fd >= 0 ? fd : mode == ProgressMode::kJson ? STDOUT_FILENO : STDERR_FILENO;
  impl_->view.task = std::move(task);
  impl_->view.unit = std::move(unit);
  impl_->style.unicode = terminal_speaks_utf8();
  impl_->style.color = color_wanted();
}

Progress::~Progress() {
  const std::lock_guard lock(output_mutex());
  if (!impl_->finished) impl_->end_line();
}

void Progress::update(const ProgressUpdate& update) {
  const std::lock_guard lock(output_mutex());
  if (impl_->finished) return;
  impl_->note(update);
  if (impl_->due()) impl_->show();
}

void Progress::event(std::string_view name, const ProgressFields& fields) {
  const std::lock_guard lock(output_mutex());
  if (impl_->mode == ProgressMode::kQuiet) return;
  impl_->say(impl_->mode == ProgressMode::kJson ? event_json(name, fields)
                                                : event_plain(name, fields));
}

void Progress::finish(std::string_view summary) {
  const std::lock_guard lock(output_mutex());
  if (impl_->finished) return;
  impl_->end_line();
  if (impl_->mode == ProgressMode::kQuiet || summary.empty()) return;
  const std::string& task = impl_->view.task;
  impl_->say(impl_->mode == ProgressMode::kJson
                 ? event_json("done", {{"task", task}, {"summary", std::string(summary)}})
                 : task + ": " + std::string(summary));
}

void write_beside_progress(int fd, std::string_view lines) {
  const std::lock_guard lock(output_mutex());
  const bool repaint = !live_line().empty() && ::isatty(fd) == 1;
  write_all(fd, (repaint ? kClearLine : "") + std::string(lines) + (repaint ? live_line() : ""));
}

ProgressMode progress_mode(bool json, bool quiet) {
  if (json) return ProgressMode::kJson;
  if (quiet) return ProgressMode::kQuiet;
  return ::isatty(STDERR_FILENO) == 1 ? ProgressMode::kTerminal : ProgressMode::kPlain;
}

}  // namespace ganymede
