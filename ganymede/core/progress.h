// Progress of long work: one live line on a terminal, a line now and then without one, JSON lines
// for machines.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ganymede {

enum class ProgressMode { kQuiet, kTerminal, kPlain, kJson };

// What one update shows: done of total in `unit`, and further fields in order. Numbers are
// formatted by the sender ("0.693"); JSON mode writes fields that parse as numbers as numbers.
struct ProgressUpdate {
  double done = 0;
  double total = 0;  // 0: unknown
  std::vector<std::pair<std::string, std::string>> fields;
};

// Writes to a file descriptor (stderr for terminal and plain, stdout for JSON). Repaints at most
// 5 times a second on a terminal, prints one line per `plain_interval` without one, one JSON line a
// second; the last state is always shown. Shows percent, rate per second, elapsed and remaining
// time from a moving median. Width-aware; NO_COLOR honoured. Safe to call from several threads.
class Progress {
 public:
  // `fd` replaces the default descriptor (-1).
  Progress(ProgressMode mode, std::string task, std::string unit,
           std::chrono::milliseconds plain_interval = std::chrono::seconds(10), int fd = -1);
  ~Progress();  // finishes the line
  void update(const ProgressUpdate& update);
  // An event beside the line ("checkpoint", {"path", ...}); JSON: {"event": "checkpoint", ...}.
  void event(std::string_view name, const std::vector<std::pair<std::string, std::string>>& fields);
  // Ends the line; says `summary` unless it is empty.
  void finish(std::string_view summary);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Writes whole lines to `fd` without tearing a live progress line that is on the terminal.
void write_beside_progress(int fd, std::string_view lines);

// kJson when asked, else kTerminal when stderr is one, else kPlain.
ProgressMode progress_mode(bool json, bool quiet);

// "1h07", "42 s": for people.
std::string format_duration(double seconds);

}  // namespace ganymede
