#include "ganymede/data/music/piano_roll.h"

#include <algorithm>
#include <array>

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
constexpr Color kInChord = {0, 80, 150}, kPassing = {86, 180, 233}, kOutOfRange = {213, 94, 0};

bool is_black_key(int pitch) {
  constexpr std::array<bool, kPitchClasses> kBlack = {false, true,  false, true,  false, false,
                                                      true,  false, true,  false, true,  false};
  return kBlack.at(static_cast<size_t>(pitch % kPitchClasses));
}

// A row above and one below the two octaves for what lies outside of them, so that all pictures of
// a training are of one size.
constexpr int kLow = kLowestPitch - 1, kHigh = kHighestPitch + 1;

class Roll {
 public:
  explicit Roll(const Tune& tune)
      : tune_(tune),
        image_(media::make_image(
            kLeftPx + static_cast<int>(tune.bars() * tune.steps) * kStepPx + kRightPx,
            kTopPx + (kHigh - kLow + 1) * kPitchPx + kBottomPx, 3, 255)),
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
  static double y(int pitch) {
    return kTopPx + static_cast<double>(kHigh - std::clamp(pitch, kLow, kHigh)) * kPitchPx;
  }

  void draw_keys() {
    const double right = x(tune_.bars() * tune_.steps);
    for (int pitch = kLowestPitch; pitch <= kHighestPitch; ++pitch) {
      if (is_black_key(pitch))
        canvas_.fill({x(0), y(pitch), right, y(pitch) + kPitchPx}, kBlackKey);
      if (pitch % kPitchClasses != 0) continue;
      canvas_.fill({x(0), y(pitch) + kPitchPx - 1, right, y(pitch) + kPitchPx}, kFaint);
      media::draw_text(image_, 2, static_cast<int>(y(pitch)) - 3, pitch_name(pitch), kText);
    }
  }

  void draw_bars() {
    const double bottom = y(kLow) + kPitchPx;
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
      canvas_.fill({x(begin), y(pitch), x(end) - 1, y(pitch) + kPitchPx}, color_of(pitch, bar));
    }
  }

  Color color_of(int pitch, int64_t bar) const {
    if (pitch < kLowestPitch || pitch > kHighestPitch) return kOutOfRange;
    const Chord& chord = tune_.chords[static_cast<size_t>(bar)];
    if (!chord.any()) return kInChord;
    const auto classes = chord.pitch_classes();
    const bool inside = std::ranges::find(classes, pitch % kPitchClasses) != classes.end();
    return inside ? kInChord : kPassing;
  }

  const Tune& tune_;
  media::Image image_;
  media::Canvas canvas_;
};

}  // namespace

media::Image piano_rolls(const std::vector<Tune>& tunes, const RollOptions& options) {
  std::vector<media::Image> rolls;
  for (size_t i = 0; i < tunes.size(); ++i)
    rolls.push_back(
        Roll(tunes[i]).draw(i < options.names.size() ? options.names[i] : std::string()));
  media::SheetOptions sheet;
  sheet.title = options.title;
  const int columns = options.columns > 0 ? options.columns : tunes.size() > 1 ? 2 : 1;
  return media::contact_sheet(rolls, columns, sheet);
}

}  // namespace ganymede::data
