#include "ganymede/data/music/piano_roll.h"

#include <algorithm>

#include "ganymede/media/canvas.h"
#include "ganymede/media/font.h"
#include "ganymede/media/sheet.h"

namespace ganymede::data {
namespace {

using media::Color;

constexpr int kStepPx = 4, kPitchPx = 4;
constexpr int kLeftPx = 24, kTopPx = 24, kRightPx = 4, kBottomPx = 4;
constexpr int kChordTextY = 13, kNameTextY = 2;
constexpr Color kText = {40, 40, 40}, kLine = {170, 170, 170}, kFaint = {228, 228, 228};
constexpr Color kBlackKey = {243, 243, 243};
constexpr Color kInChord = {0, 80, 150}, kOutside = {213, 94, 0};

bool is_black_key(int pitch) {
  constexpr std::array<bool, kPitchClasses> kBlack = {false, true,  false, true,  false, false,
                                                      true,  false, true,  false, true,  false};
  return kBlack.at(static_cast<size_t>(pitch % kPitchClasses));
}

struct Range {
  int low = kLowestPitch;
  int high = kHighestPitch;
};

Range range_of(const std::vector<Tune>& tunes) {
  Range range;
  for (const Tune& tune : tunes) {
    for (const int pitch : tune.melody) {
      if (pitch == kSilent) continue;
      range.low = std::min(range.low, pitch);
      range.high = std::max(range.high, pitch);
    }
  }
  return range;
}

class Roll {
 public:
  Roll(const Tune& tune, const Range& range)
      : tune_(tune),
        range_(range),
        image_(media::make_image(
            kLeftPx + static_cast<int>(tune.bars() * tune.steps) * kStepPx + kRightPx,
            kTopPx + (range.high - range.low + 1) * kPitchPx + kBottomPx, 3, 255)),
        canvas_(image_) {}

  media::Image draw(const std::string& name) {
    draw_keys();
    draw_bars();
    draw_notes();
    media::draw_text(image_, kLeftPx, kNameTextY, name, kText);
    return std::move(image_);
  }

 private:
  double x(int64_t step) const { return kLeftPx + static_cast<double>(step) * kStepPx; }
  double y(int pitch) const { return kTopPx + static_cast<double>(range_.high - pitch) * kPitchPx; }

  void draw_keys() {
    const double right = x(tune_.bars() * tune_.steps);
    for (int pitch = range_.low; pitch <= range_.high; ++pitch) {
      if (is_black_key(pitch))
        canvas_.fill({x(0), y(pitch), right, y(pitch) + kPitchPx}, kBlackKey);
      if (pitch % kPitchClasses != 0) continue;
      canvas_.fill({x(0), y(pitch) + kPitchPx - 1, right, y(pitch) + kPitchPx}, kFaint);
      media::draw_text(image_, 2, static_cast<int>(y(pitch)) - 3, pitch_name(pitch), kText);
    }
  }

  void draw_bars() {
    const double bottom = y(range_.low) + kPitchPx;
    for (int64_t bar = 0; bar <= tune_.bars(); ++bar) {
      canvas_.fill({x(bar * tune_.steps) - 1, kTopPx, x(bar * tune_.steps), bottom}, kLine);
      if (bar == tune_.bars()) break;
      media::draw_text(image_, static_cast<int>(x(bar * tune_.steps)) + 2, kChordTextY,
                       chord_name(tune_.chords[static_cast<size_t>(bar)]), kText);
    }
  }

  void draw_notes() {
    const auto steps = static_cast<int64_t>(tune_.melody.size());
    for (int64_t begin = 0, end = 0; begin < steps; begin = end) {
      const int pitch = tune_.melody[static_cast<size_t>(begin)];
      const int64_t bar = begin / tune_.steps;
      const int64_t line = std::min(steps, (bar + 1) * tune_.steps);
      for (end = begin; end < line && tune_.melody[static_cast<size_t>(end)] == pitch;) ++end;
      if (pitch == kSilent) continue;
      canvas_.fill({x(begin), y(pitch), x(end) - 1, y(pitch) + kPitchPx},
                   of_chord(pitch, bar) ? kInChord : kOutside);
    }
  }

  bool of_chord(int pitch, int64_t bar) const {
    const Chord& chord = tune_.chords[static_cast<size_t>(bar)];
    if (!chord.any()) return true;
    const auto classes = chord.pitch_classes();
    return std::ranges::find(classes, pitch % kPitchClasses) != classes.end();
  }

  const Tune& tune_;
  Range range_;
  media::Image image_;
  media::Canvas canvas_;
};

}  // namespace

media::Image piano_rolls(const std::vector<Tune>& tunes, const RollOptions& options) {
  const Range range = range_of(tunes);
  std::vector<media::Image> rolls;
  for (size_t i = 0; i < tunes.size(); ++i)
    rolls.push_back(
        Roll(tunes[i], range).draw(i < options.names.size() ? options.names[i] : std::string()));
  media::SheetOptions sheet;
  sheet.title = options.title;
  const int columns = options.columns > 0 ? options.columns : tunes.size() > 1 ? 2 : 1;
  return media::contact_sheet(rolls, columns, sheet);
}

}  // namespace ganymede::data
