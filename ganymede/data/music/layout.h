// Tunes as samples of networks: float32 [bars, (steps + 1) * 128]. The first `steps` rows of 128 of
// a bar are its melody, one 1 at the pitch that sounds, none where it is silent; the last row names
// its chord in its first kChordWidth entries. What a tune is made from ("chords"): float32 [bars,
// 13].
#pragma once

#include <string>

#include "ganymede/core/sample.h"
#include "ganymede/data/music/tune.h"

namespace ganymede::data {

// What samples need to become files again; kept in SampleSpec::domain_state.
struct MusicState {
  Meter meter;
  int64_t bars = 8;
  int64_t quarter_us = 500'000;
  std::string to_json() const;
  // Throws ModelError for anything that to_json() does not write.
  static MusicState from_json(const std::string& text);
};

SampleSpec music_spec(const MusicState& state);

// `bars` bars of the tune from `first` on.
void put_bars(const Tune& tune, int64_t first, int64_t bars, float* sample);
void put_chords(const Tune& tune, int64_t first, int64_t bars, float* given);

// The most probable pitch of each step; silent where none reaches 0.05.
Tune take_tune(const float* sample, int64_t bars, int64_t steps);

}  // namespace ganymede::data
