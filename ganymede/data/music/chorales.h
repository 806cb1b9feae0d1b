// JSB Chorales as JSON (Boulanger-Lewandowski, Bengio, Vincent 2012, arXiv 1206.6392, in the form
// of czhuang/JSB-Chorales-dataset): {"train": [[[pitches of one sixteenth], ...], ...], "test":
// ...}.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ganymede/media/midi.h"

namespace ganymede::data {

bool resembles_chorales(std::string_view first_bytes);

// The chorales of `split` (train, test, or all) as 4/4 from their first step on; one track, pitches
// that go on from step to step held. Throws DataError naming chorale and step.
std::vector<media::MidiFile> parse_chorales(std::string_view json, const std::string& split,
                                            const std::string& where);

}  // namespace ganymede::data
