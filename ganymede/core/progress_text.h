// What a progress line says, apart from when and where it is shown.
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>

#include "ganymede/core/progress.h"

namespace ganymede {

// One state of a task, ready to be written.
struct ProgressView {
  std::string task;
  std::string unit;
  ProgressUpdate update;
  double rate = 0;  // units per second; 0: unknown yet
  double elapsed_s = 0;
  double remaining_s = -1;  // below 0: unknown
};

struct LineStyle {
  size_t width = 80;  // columns; the line stays below
  bool unicode = true;
  bool color = false;
};

// "train dcgan  12.4/600 kimg  [bar]  24%  0.185 kimg/s  42 s, left 1h07  loss 0.69", without
// a line end. On a narrow terminal the bar and then the last fields are left out.
std::string progress_line(const ProgressView& view, const LineStyle& style);

// The same without bar and limit.
std::string progress_plain(const ProgressView& view);

// {"event": "progress", "task": ..., "done": ..., fields...}; no line end.
std::string progress_json(const ProgressView& view);

// An event and its fields as a line for people, and as JSON.
using ProgressFields = std::vector<std::pair<std::string, std::string>>;
std::string event_plain(std::string_view name, const ProgressFields& fields);
std::string event_json(std::string_view name, const ProgressFields& fields);

// Units per second as the median over the last intervals, so that one stall or one burst does not
// throw the remaining time about.
class RateMeter {
 public:
  void add(double time_s, double done);  // times do not decrease
  double rate() const;                   // 0 until two points lie apart

 private:
  double last_time_ = 0;
  double last_done_ = 0;
  bool started_ = false;
  std::deque<double> rates_;
};

}  // namespace ganymede
