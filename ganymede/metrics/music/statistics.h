// What tunes are like, bar by bar: the measures of MuseGAN (Dong, Hsiao, Yang, Yang 2018, arXiv
// 1709.06298, section 5) where they mean something for one melody on a grid.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "ganymede/data/music/tune.h"

namespace ganymede::metrics {

// float32 [N, bars, (steps + 1) * 128] as tunes.
std::vector<data::Tune> tunes_of(const at::Tensor& samples);

struct BarStatistics {
  double empty_bars = 0;       // EB: share of bars without a note
  double pitch_classes = 0;    // UPC: different pitch classes in a bar, of bars with notes
  double qualified_notes = 0;  // QN: share of notes of at least an eighth (the published 32nd is
                               // below this grid: every note would count)
};
BarStatistics bar_statistics(const std::vector<data::Tune>& tunes);

struct Harmony {
  // TD: distance of melody and chord of a bar in the tonal space of Harte, Sandler, Gasser 2006
  // (circles of fifths, minor and major thirds, radii 1, 1, 0.5), mean over bars that have both.
  double tonal_distance = 0;
  double chord_tones = 0;  // share of the steps whose pitch is one of the bar's chord
};
Harmony harmony(const std::vector<data::Tune>& tunes);

}  // namespace ganymede::metrics
