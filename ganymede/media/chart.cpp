#include "ganymede/media/chart.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <utility>

#include "ganymede/media/font.h"

namespace ganymede::media {
namespace {

constexpr Color kInk = {40, 40, 40};
constexpr Color kFaintInk = {95, 95, 95};
constexpr Color kGridLine = {229, 229, 229};
constexpr Color kFrameLine = {150, 150, 150};

// Distances at unit 1.
constexpr int kEdgePx = 10;
constexpr int kGapPx = 6;
constexpr int kSwatchPx = 14;
constexpr int kUnitWidthPx = 480;
constexpr int kUnitHeightPx = 320;
constexpr int kXTickDistancePx = 70;
constexpr int kYTickDistancePx = 36;

int choose_unit(const PlotSize& size) {
  return std::clamp(std::min(size.width / kUnitWidthPx, size.height / kUnitHeightPx), 1, 8);
}

double round_step(double step) {
  const double power = std::pow(10.0, std::floor(std::log10(step)));
  const double scaled = step / power;
  if (scaled <= 1.0 + 1e-9) return power;
  if (scaled <= 2.0 + 1e-9) return 2.0 * power;
  return scaled <= 5.0 + 1e-9 ? 5.0 * power : 10.0 * power;
}

// "1e+06" reads better as "1e6".
std::string short_exponent(std::string text) {
  const size_t e = text.find('e');
  if (e == std::string::npos) return text;
  size_t digits = e + 1;
  const bool negative = text[digits] == '-';
  while (digits < text.size() &&
         (text[digits] == '+' || text[digits] == '-' || text[digits] == '0'))
    ++digits;
  return text.substr(0, e + 1) + (negative ? "-" : "") + text.substr(digits);
}

std::string number_text(double value, double step) {
  char text[64];
  if (std::abs(value) < step * 1e-6) return "0";
  const double largest = std::abs(value);
  if (largest >= 1e6 || step < 1e-4) {
    const int digits = static_cast<int>(std::floor(std::log10(largest) - std::log10(step) + 1e-9));
    std::snprintf(text, sizeof text, "%.*e", std::clamp(digits, 0, 12), value);
    return short_exponent(text);
  }
  const int decimals = std::max(0, static_cast<int>(-std::floor(std::log10(step) + 1e-9)));
  std::snprintf(text, sizeof text, "%.*f", decimals, value);
  return text;
}

std::string log_text(double value) {
  char text[64];
  std::snprintf(text, sizeof text, value >= 1e-3 && value < 1e5 ? "%g" : "%.0e", value);
  return short_exponent(text);
}

int widest(const std::vector<Tick>& ticks, int unit) {
  int width = 0;
  for (const Tick& tick : ticks) width = std::max(width, text_width(tick.text, unit));
  return width;
}

}  // namespace

std::vector<Tick> linear_ticks(const Range& range, int target) {
  const double step = round_step((range.high - range.low) / std::max(target, 1));
  std::vector<Tick> ticks;
  const double slack = step * 1e-6;
  const double first = std::ceil((range.low - slack) / step);
  for (double i = first; i * step <= range.high + slack && ticks.size() < 1000; i += 1.0)
    ticks.push_back({i * step, number_text(i * step, step)});
  return ticks;
}

std::vector<Tick> log_ticks(const Range& range) {
  std::vector<Tick> ticks;
  const auto first = static_cast<int>(std::floor(std::log10(range.low)));
  const auto last = static_cast<int>(std::ceil(std::log10(range.high)));
  const int stride = std::max(1, (last - first) / 8);
  const bool dense = std::log10(range.high / range.low) < 2.0;
  for (int power = first; power <= last; power += stride) {
    for (const int factor : {1, 2, 5}) {
      const double value = factor * std::pow(10.0, power);
      const bool inside = value >= range.low * (1 - 1e-9) && value <= range.high * (1 + 1e-9);
      if (inside && (factor == 1 || dense)) ticks.push_back({value, log_text(value)});
    }
  }
  return ticks;
}

Range range_of(const std::vector<const std::vector<double>*>& columns, double margin,
               bool positive) {
  Range range{std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity()};
  for (const std::vector<double>* column : columns) {
    for (const double value : *column) {
      if (!std::isfinite(value) || (positive && value <= 0)) continue;
      range.low = std::min(range.low, value);
      range.high = std::max(range.high, value);
    }
  }
  if (range.low > range.high) return positive ? Range{0.1, 1} : Range{0, 1};
  if (positive) {
    const double factor = std::max(std::pow(range.high / range.low, margin), 1.05);
    return {range.low / factor, range.high * factor};
  }
  double widening = (range.high - range.low) * margin;
  // A constant, or one that differs in its last digits only, still needs a visible axis.
  const double least = std::max(std::abs(range.high), std::abs(range.low)) * 1e-9;
  if (range.high - range.low <= least) widening = range.high == 0 ? 0.5 : std::abs(range.high) / 10;
  return {range.low - widening, range.high + widening};
}

Chart::Chart(const PlotSize& size, ChartFrame frame)
    : image_(make_image(size.width, size.height, 3, 255)),
      canvas_(image_),
      frame_(std::move(frame)),
      unit_(choose_unit(size)) {
  std::erase_if(frame_.legend, [](const LegendEntry& entry) { return entry.name.empty(); });
  lay_out();
  draw_texts();
  draw_x_axis();
  draw_y_axis();
  canvas_.set_clip(area_);
}

void Chart::lay_out() {
  const int line = kFontLineHeightPx * unit_;
  const int gap = kGapPx * unit_;
  area_.top = kEdgePx * unit_;
  if (!frame_.labels.title.empty()) area_.top += 2 * line + gap;
  area_.top += legend_rows() * (line + gap);
  area_.bottom = image_.height - kEdgePx * unit_ - line - gap;
  if (!frame_.labels.x.empty()) area_.bottom -= line + gap;
  area_.right = image_.width - (kEdgePx * 2 + frame_.right_margin_px) * unit_;
  const int label = frame_.labels.y.empty() ? 0 : line + gap;
  // Equal units change the ranges, hence the ticks and their width: settle in two rounds.
  for (int round = 0; round < 2; ++round) {
    area_.left =
        std::max<double>(area_.left, kEdgePx * unit_ + label + widest(y_ticks(), unit_) + gap);
    if (frame_.equal_aspect) equalize();
  }
}

void Chart::equalize() {
  const double x_length = (frame_.x.high - frame_.x.low) / area_.width();
  const double y_length = (frame_.y.high - frame_.y.low) / area_.height();
  Range& narrow = x_length < y_length ? frame_.x : frame_.y;
  const double pixels = x_length < y_length ? area_.width() : area_.height();
  const double middle = (narrow.low + narrow.high) / 2;
  const double half = std::max(x_length, y_length) * pixels / 2;
  narrow = {middle - half, middle + half};
}

double Chart::y_fraction(double y) const {
  const Range& range = frame_.y;
  if (frame_.log_y) return std::log(y / range.low) / std::log(range.high / range.low);
  return (y - range.low) / (range.high - range.low);
}

Point Chart::at(double x, double y) const {
  const double fraction = (x - frame_.x.low) / (frame_.x.high - frame_.x.low);
  return {area_.left + fraction * area_.width(), area_.bottom - y_fraction(y) * area_.height()};
}

std::vector<Tick> Chart::y_ticks() const {
  if (!frame_.y_ticks.empty()) return frame_.y_ticks;
  if (frame_.log_y) return log_ticks(frame_.y);
  return linear_ticks(frame_.y, static_cast<int>(area_.height()) / (kYTickDistancePx * unit_));
}

std::vector<Tick> Chart::x_ticks() const {
  if (!frame_.x_ticks.empty()) return frame_.x_ticks;
  return linear_ticks(frame_.x, static_cast<int>(area_.width()) / (kXTickDistancePx * unit_));
}

int Chart::legend_rows() const {
  if (frame_.legend.empty()) return 0;
  int rows = 1;
  int x = kEdgePx * unit_;
  for (const LegendEntry& entry : frame_.legend) {
    const int width = (kSwatchPx + kGapPx * 3) * unit_ + text_width(entry.name, unit_);
    if (x > kEdgePx * unit_ && x + width > image_.width) {
      ++rows;
      x = kEdgePx * unit_;
    }
    x += width;
  }
  return rows;
}

void Chart::draw_legend(int y) {
  int x = kEdgePx * unit_;
  for (const LegendEntry& entry : frame_.legend) {
    const int width = (kSwatchPx + kGapPx * 3) * unit_ + text_width(entry.name, unit_);
    if (x > kEdgePx * unit_ && x + width > image_.width) {
      y += (kFontLineHeightPx + kGapPx) * unit_;
      x = kEdgePx * unit_;
    }
    const double middle = y + kFontCapHeightPx * unit_ / 2.0;
    canvas_.polyline({{x + 2.0 * unit_, middle}, {x + (kSwatchPx - 2.0) * unit_, middle}},
                     4.0 * unit_, entry.color);
    draw_text(image_, x + (kSwatchPx + kGapPx) * unit_, y, entry.name, kInk, unit_);
    x += width;
  }
}

void Chart::draw_texts() {
  const int line = kFontLineHeightPx * unit_;
  int y = kEdgePx * unit_;
  const AxisLabels& labels = frame_.labels;
  if (!labels.title.empty()) {
    // Larger than the rest where it fits.
    const int large = unit_ + (unit_ + 1) / 2;
    const bool fits = 2 * y + text_width(labels.title, large) <= image_.width;
    draw_text(image_, y, y, labels.title, kInk, fits ? large : unit_);
    y += 2 * line + kGapPx * unit_;
  }
  draw_legend(y);
  const int x_middle = static_cast<int>(area_.left + area_.right) / 2;
  draw_text(image_, x_middle - text_width(labels.x, unit_) / 2,
            image_.height - kEdgePx * unit_ - kFontCapHeightPx * unit_, labels.x, kInk, unit_);
  const int y_middle = static_cast<int>(area_.top + area_.bottom) / 2;
  draw_text_upwards(image_, kEdgePx * unit_, y_middle + text_width(labels.y, unit_) / 2, labels.y,
                    kInk, unit_);
}

void Chart::draw_x_axis() {
  for (const Tick& tick : x_ticks()) {
    const double x = std::round(at(tick.value, frame_.y.low).x);
    if (frame_.grid) canvas_.fill({x, area_.top, x + 1, area_.bottom}, kGridLine);
    canvas_.fill({x, area_.bottom, x + 1, area_.bottom + 3.0 * unit_}, kFrameLine);
    draw_text(image_, static_cast<int>(x) - text_width(tick.text, unit_) / 2,
              static_cast<int>(area_.bottom) + kGapPx * unit_, tick.text, kFaintInk, unit_);
  }
  canvas_.fill({area_.left, area_.bottom, area_.right, area_.bottom + 1}, kFrameLine);
}

void Chart::draw_y_axis() {
  for (const Tick& tick : y_ticks()) {
    const double y = std::round(at(frame_.x.low, tick.value).y);
    if (frame_.grid) canvas_.fill({area_.left, y, area_.right, y + 1}, kGridLine);
    draw_text(image_, static_cast<int>(area_.left) - kGapPx * unit_ - text_width(tick.text, unit_),
              static_cast<int>(y) - kFontCapHeightPx * unit_ / 2, tick.text, kFaintInk, unit_);
  }
  canvas_.fill({area_.left, area_.top, area_.left + 1, area_.bottom + 1}, kFrameLine);
}

void Chart::draw_right_ticks(const Box& box, const Range& range) {
  const int count = static_cast<int>(box.height()) / (kYTickDistancePx * unit_);
  for (const Tick& tick : linear_ticks(range, count)) {
    const double fraction = (tick.value - range.low) / (range.high - range.low);
    const int y = static_cast<int>(std::lround(box.bottom - fraction * box.height()));
    draw_text(image_, static_cast<int>(box.right) + kGapPx * unit_ / 2,
              y - kFontCapHeightPx * unit_ / 2, tick.text, kFaintInk, unit_);
  }
}

void Chart::write_centered(const std::string& text) {
  draw_text(image_, static_cast<int>(area_.left + area_.right - text_width(text, unit_)) / 2,
            static_cast<int>(area_.top + area_.bottom) / 2, text, kFaintInk, unit_);
}

Image Chart::finish() { return std::move(image_); }

}  // namespace ganymede::media
