#include "ganymede/core/progress_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "ganymede/core/text.h"

namespace ganymede {
namespace {

constexpr size_t kBarCells = 14;
constexpr size_t kBarMinWidth = 60;  // columns below which text is worth more than a bar
constexpr size_t kRates = 15;

std::string amount(double value, const std::string& unit) {
  return unit == "B" ? format_bytes(std::llround(value)) : format_number(value);
}

std::string done_text(const ProgressView& view) {
  std::string text = amount(view.update.done, view.unit);
  if (view.update.total > 0) text += "/" + amount(view.update.total, view.unit);
  return view.unit == "B" ? text : text + " " + view.unit;
}

double fraction(const ProgressView& view) {
  return std::clamp(view.update.done / view.update.total, 0.0, 1.0);
}

// Rounded down: "100%" is only said when the work is done.
std::string percent(const ProgressView& view) {
  return fmt::format("{:.0f}%", std::floor(fraction(view) * 100 + 1e-9));
}

std::string rate_text(const ProgressView& view) {
  return view.unit == "B" ? amount(view.rate, "B") + "/s"
                          : format_number(view.rate) + " " + view.unit + "/s";
}

std::string time_text(const ProgressView& view) {
  std::string text = format_duration(view.elapsed_s);
  if (view.remaining_s >= 0) text += ", left " + format_duration(view.remaining_s);
  return text;
}

std::string bar(const ProgressView& view, bool unicode) {
  const auto full = static_cast<size_t>(fraction(view) * kBarCells);
  std::string text;
  for (size_t i = 0; i < kBarCells; ++i) {
    if (unicode) text += i < full ? "█" : "░";
    if (!unicode) text += i < full ? '#' : '.';
  }
  return unicode ? text : "[" + text + "]";
}

std::vector<std::string> pieces_before_bar(const ProgressView& view) {
  return {view.task, done_text(view)};
}

std::vector<std::string> pieces_after_bar(const ProgressView& view) {
  std::vector<std::string> pieces;
  if (view.update.total > 0) pieces.push_back(percent(view));
  if (view.rate > 0) pieces.push_back(rate_text(view));
  pieces.push_back(time_text(view));
  for (const auto& [name, value] : view.update.fields) pieces.push_back(name + " " + value);
  return pieces;
}

// One line with whole pieces only, as many as fit.
class LineBuilder {
 public:
  explicit LineBuilder(size_t width) : width_(width) {}
  void add(const std::string& piece, const char* before = "", const char* after = "") {
    const size_t needed = display_width(piece) + (text_.empty() ? 0 : 2);
    full_ = full_ || used_ + needed >= width_;
    if (full_) return;
    if (!text_.empty()) text_ += "  ";
    text_ += before + piece + after;
    used_ += needed;
  }
  const std::string& text() const { return text_; }

 private:
  size_t width_;
  size_t used_ = 0;
  bool full_ = false;
  std::string text_;
};

std::string json_number(double value) {
  return std::isfinite(value) ? fmt::format("{}", value) : "null";
}

std::string json_fields(const ProgressFields& fields) {
  std::string text;
  for (const auto& [name, value] : fields) {
    text += fmt::format(", {}: {}", json_string(name),
                        is_json_number(value) ? value : json_string(value));
  }
  return text;
}

}  // namespace

std::string progress_line(const ProgressView& view, const LineStyle& style) {
  LineBuilder line(style.width);
  for (const std::string& piece : pieces_before_bar(view)) line.add(piece);
  if (view.update.total > 0 && style.width >= kBarMinWidth) {
    line.add(bar(view, style.unicode), style.color ? "\x1b[36m" : "", style.color ? "\x1b[0m" : "");
  }
  for (const std::string& piece : pieces_after_bar(view)) line.add(piece);
  return line.text();
}

std::string progress_plain(const ProgressView& view) {
  std::vector<std::string> pieces = pieces_before_bar(view);
  const std::vector<std::string> rest = pieces_after_bar(view);
  pieces.insert(pieces.end(), rest.begin(), rest.end());
  return join(pieces, "  ");
}

std::string progress_json(const ProgressView& view) {
  std::string text = fmt::format(R"({{"event": "progress", "task": {}, "done": {})",
                                 json_string(view.task), json_number(view.update.done));
  if (view.update.total > 0) text += ", \"total\": " + json_number(view.update.total);
  text += ", \"unit\": " + json_string(view.unit);
  if (view.rate > 0) text += fmt::format(", \"rate\": {:.6g}", view.rate);
  text += fmt::format(", \"elapsed_s\": {:.3f}", view.elapsed_s);
  if (view.remaining_s >= 0) text += fmt::format(", \"remaining_s\": {:.1f}", view.remaining_s);
  return text + json_fields(view.update.fields) + "}";
}

std::string event_plain(std::string_view name, const ProgressFields& fields) {
  std::string text(name);
  for (const auto& [key, value] : fields) text += "  " + key + " " + value;
  return text;
}

std::string event_json(std::string_view name, const ProgressFields& fields) {
  return "{\"event\": " + json_string(name) + json_fields(fields) + "}";
}

void RateMeter::add(double time_s, double done) {
  if (started_ && time_s > last_time_) {
    rates_.push_back((done - last_done_) / (time_s - last_time_));
    if (rates_.size() > kRates) rates_.pop_front();
  }
  if (!started_ || time_s > last_time_) {
    last_time_ = time_s;
    last_done_ = done;
  }
  started_ = true;
}

double RateMeter::rate() const {
  if (rates_.empty()) return 0;
  std::vector<double> sorted(rates_.begin(), rates_.end());
  std::sort(sorted.begin(), sorted.end());
  const size_t middle = sorted.size() / 2;
  return sorted.size() % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

std::string format_duration(double seconds) {
  if (!std::isfinite(seconds) || seconds < 0) return "?";
  if (seconds < 9.95) return fmt::format("{:.1f} s", seconds);
  const auto whole = std::llround(seconds);
  if (whole < 60) return fmt::format("{} s", whole);
  const auto minutes = whole / 60;
  if (minutes < 60) return fmt::format("{}m{:02}", minutes, whole % 60);
  const auto hours = minutes / 60;
  if (hours < 24) return fmt::format("{}h{:02}", hours, minutes % 60);
  return fmt::format("{}d{:02}h", hours / 24, hours % 24);
}

}  // namespace ganymede
