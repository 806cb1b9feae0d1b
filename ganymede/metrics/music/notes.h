// Tunes as notes, and how alike two sets of tunes are by what occurs how often.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "ganymede/data/music/tune.h"

namespace ganymede::metrics {

// Equal steps that follow each other within a bar.
struct Note {
  int pitch = 0;
  int64_t steps = 0;
  int64_t begin = 0;  // step of the tune
};
std::vector<Note> notes_of(const data::Tune& tune);

std::span<const int> bar_of(const data::Tune& tune, int64_t bar);

// Shares that sum to 1 (all 0 without notes).
struct NoteHistograms {
  std::vector<double> pitches;    // [128], by steps
  std::vector<double> durations;  // [steps + 1], of notes
  std::vector<double> intervals;  // [255], semitones + 127, between notes of different pitch that
                                  // follow each other without a pause
};
NoteHistograms histograms_of(const std::vector<data::Tune>& tunes);

// What two histograms have in common: the sum of the smaller shares, 0 to 1.
double overlap(const std::vector<double>& a, const std::vector<double>& b);

// Share of the bars with notes of `made` whose melody is no bar of `known`, in any key.
double new_bar_share(const std::vector<data::Tune>& made, const std::vector<data::Tune>& known);

}  // namespace ganymede::metrics
