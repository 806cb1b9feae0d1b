// Adapters of the metrics of music. The figure of the training data stands beside each.
#include "ganymede/metrics/measures.h"
#include "ganymede/metrics/music/notes.h"
#include "ganymede/metrics/music/statistics.h"

namespace ganymede::metrics {
namespace {

std::vector<data::Tune> training_of(const Comparison& c) {
  const bool known = c.training != nullptr && c.training->samples.defined();
  return tunes_of(known ? c.training->samples : c.real.samples);
}

Finding beside(const char* name, double value, double training, const char* note) {
  return {
      .name = name, .value = value, .better = Better::kNearFloor, .floor = training, .note = note};
}

}  // namespace

Findings measure_bars(const Comparison& c) {
  const BarStatistics made = bar_statistics(tunes_of(c.fake.samples));
  const BarStatistics real = bar_statistics(training_of(c));
  return {beside("empty bars", made.empty_bars, real.empty_bars, "EB; floor: training data"),
          beside("pitch classes in a bar", made.pitch_classes, real.pitch_classes,
                 "UPC; floor: training data"),
          beside("qualified notes", made.qualified_notes, real.qualified_notes,
                 "QN, of at least an eighth; floor: training data")};
}

Findings measure_harmony(const Comparison& c) {
  const Harmony made = harmony(tunes_of(c.fake.samples));
  const Harmony real = harmony(training_of(c));
  return {beside("tonal distance", made.tonal_distance, real.tonal_distance,
                 "TD of melody and chord; floor: training data"),
          beside("chord tones", made.chord_tones, real.chord_tones,
                 "share of steps on a note of the chord; floor: training data")};
}

Findings measure_notes(const Comparison& c) {
  const NoteHistograms made = histograms_of(tunes_of(c.fake.samples));
  const NoteHistograms real = histograms_of(training_of(c));
  const auto alike = [](const char* name, double value) {
    return Finding{.name = name,
                   .value = value,
                   .better = Better::kHigher,
                   .note = "with the training data's; 1: the same"};
  };
  return {alike("pitch overlap", overlap(made.pitches, real.pitches)),
          alike("duration overlap", overlap(made.durations, real.durations)),
          alike("interval overlap", overlap(made.intervals, real.intervals))};
}

Findings measure_new_bars(const Comparison& c) {
  return {{.name = "new bars",
           .value = new_bar_share(tunes_of(c.fake.samples), training_of(c)),
           .better = Better::kHigher,
           .note = "share of bars that are no bar of the training data in any key"}};
}

}  // namespace ganymede::metrics
