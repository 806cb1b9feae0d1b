// Tunes as pictures: time runs to the right, pitch upwards.
#pragma once

#include <string>
#include <vector>

#include "ganymede/data/music/tune.h"
#include "ganymede/media/image.h"

namespace ganymede::data {

struct RollOptions {
  int columns = 0;  // 0: two tunes side by side
  std::string title = {};
  std::vector<std::string> names = {};  // of the tunes; may be shorter
};

// Each tune with its bars side by side, the names of octaves at the left and of chords above the
// bars; notes of the bar's chord are dark blue, others light blue. Notes outside C4 to B5 stand in
// orange at the edge. Throws UsageError for no tunes.
media::Image piano_rolls(const std::vector<Tune>& tunes, const RollOptions& options);

}  // namespace ganymede::data
