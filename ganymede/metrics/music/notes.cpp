#include "ganymede/metrics/music/notes.h"

#include <algorithm>
#include <limits>
#include <set>

namespace ganymede::metrics {
namespace {

using data::kPitchClasses;
using data::kSilent;

void normalise(std::vector<double>& histogram) {
  double sum = 0;
  for (const double value : histogram) sum += value;
  if (sum > 0)
    for (double& value : histogram) value /= sum;
}

bool is_silent(std::span<const int> bar) {
  return std::ranges::all_of(bar, [](int pitch) { return pitch == kSilent; });
}

// The bar as it is in every key: by pitch classes, seen from the first. Octaves do not count, since
// tunes are folded into two of them.
std::vector<int> shape_of(std::span<const int> bar) {
  const int* first = nullptr;
  std::vector<int> shape;
  for (const int& pitch : bar) {
    if (pitch != kSilent && first == nullptr) first = &pitch;
    shape.push_back(pitch == kSilent
                        ? kSilent
                        : ((pitch - *first) % kPitchClasses + kPitchClasses) % kPitchClasses);
  }
  return shape;
}

}  // namespace

std::span<const int> bar_of(const data::Tune& tune, int64_t bar) {
  return std::span(tune.melody)
      .subspan(static_cast<size_t>(bar * tune.steps), static_cast<size_t>(tune.steps));
}

std::vector<Note> notes_of(const data::Tune& tune) {
  std::vector<Note> notes;
  for (int64_t step = 0; step < static_cast<int64_t>(tune.melody.size()); ++step) {
    const int pitch = tune.melody[static_cast<size_t>(step)];
    if (pitch == kSilent) continue;
    const bool goes_on = !notes.empty() && step % tune.steps != 0 && notes.back().pitch == pitch &&
                         notes.back().begin + notes.back().steps == step;
    if (goes_on)
      ++notes.back().steps;
    else
      notes.push_back({pitch, 1, step});
  }
  return notes;
}

NoteHistograms histograms_of(const std::vector<data::Tune>& tunes) {
  NoteHistograms all;
  all.pitches.assign(data::kPitches, 0);
  all.durations.assign(tunes.empty() ? 1 : static_cast<size_t>(tunes.front().steps) + 1, 0);
  all.intervals.assign(2 * data::kPitches - 1, 0);
  for (const data::Tune& tune : tunes) {
    const Note* before = nullptr;
    const std::vector<Note> notes = notes_of(tune);
    for (const Note& note : notes) {
      all.pitches[static_cast<size_t>(note.pitch)] += static_cast<double>(note.steps);
      all.durations[static_cast<size_t>(note.steps)] += 1;
      if (before != nullptr && before->begin + before->steps == note.begin &&
          before->pitch != note.pitch) {
        all.intervals[static_cast<size_t>(note.pitch - before->pitch + data::kPitches - 1)] += 1;
      }
      before = &note;
    }
  }
  normalise(all.pitches);
  normalise(all.durations);
  normalise(all.intervals);
  return all;
}

double overlap(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) sum += std::min(a[i], b[i]);
  return sum;
}

double new_bar_share(const std::vector<data::Tune>& made, const std::vector<data::Tune>& known) {
  std::set<std::vector<int>> shapes;
  for (const data::Tune& tune : known)
    for (int64_t b = 0; b < tune.bars(); ++b) shapes.insert(shape_of(bar_of(tune, b)));
  double bars = 0, fresh = 0;
  for (const data::Tune& tune : made) {
    for (int64_t b = 0; b < tune.bars(); ++b) {
      const auto bar = bar_of(tune, b);
      if (is_silent(bar)) continue;
      bars += 1;
      fresh += shapes.contains(shape_of(bar)) ? 0 : 1;
    }
  }
  return bars > 0 ? fresh / bars : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace ganymede::metrics
