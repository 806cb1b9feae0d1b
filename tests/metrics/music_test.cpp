// The statistics of tunes against an independent script (tests/golden/music.py).
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "ganymede/data/music/layout.h"
#include "ganymede/metrics/metric_table.h"
#include "ganymede/metrics/music/notes.h"
#include "ganymede/metrics/music/statistics.h"

namespace ganymede::metrics {
namespace {

using nlohmann::json;

const json& golden() {
  static const json all =
      json::parse(std::ifstream(GANYMEDE_SOURCE_DIR "/tests/golden/music.json"));
  return all["statistics"];
}

std::vector<data::Tune> tunes(const char* set) {
  std::vector<data::Tune> made;
  for (const json& one : golden()[set]) {
    data::Tune tune{.name = {}, .steps = golden()["steps"], .melody = {}, .chords = {}};
    for (const json& bar : one[0])
      for (const json& pitch : bar) tune.melody.push_back(pitch);
    for (const json& chord : one[1])
      tune.chords.push_back({chord[0].get<int>(), chord[1].get<int>() == 1});
    made.push_back(std::move(tune));
  }
  return made;
}

TEST(MusicStatistics, BarsAndHarmonyAreThoseOfTheGolden) {
  for (const char* set : {"a", "b"}) {
    const json& expected = golden()[std::string("of_") + set];
    const BarStatistics bars = bar_statistics(tunes(set));
    EXPECT_NEAR(bars.empty_bars, expected["empty_bars"].get<double>(), 1e-12);
    EXPECT_NEAR(bars.pitch_classes, expected["pitch_classes"].get<double>(), 1e-12);
    EXPECT_NEAR(bars.qualified_notes, expected["qualified_notes"].get<double>(), 1e-12);
    const Harmony found = harmony(tunes(set));
    EXPECT_NEAR(found.tonal_distance, expected["tonal_distance"].get<double>(), 1e-12);
    EXPECT_NEAR(found.chord_tones, expected["chord_tones"].get<double>(), 1e-12);
  }
}

TEST(MusicStatistics, HistogramsAndNewBarsAreThoseOfTheGolden) {
  const json& expected = golden()["a_beside_b"];
  const NoteHistograms a = histograms_of(tunes("a")), b = histograms_of(tunes("b"));
  EXPECT_NEAR(overlap(a.pitches, b.pitches), expected["pitches"].get<double>(), 1e-12);
  EXPECT_NEAR(overlap(a.durations, b.durations), expected["durations"].get<double>(), 1e-12);
  EXPECT_NEAR(overlap(a.intervals, b.intervals), expected["intervals"].get<double>(), 1e-12);
  EXPECT_NEAR(overlap(a.pitches, a.pitches), 1, 1e-12);
  const double fresh = new_bar_share(tunes("a"), tunes("b"));
  EXPECT_NEAR(fresh, expected["new_bars"].get<double>(), 1e-12);
  EXPECT_LT(fresh, 1);
  EXPECT_EQ(new_bar_share(tunes("a"), tunes("a")), 0);
}

TEST(MusicStatistics, SamplesAreReadAsTheyAreWritten) {
  const auto all = tunes("a");
  const int64_t bars = all.front().bars(), steps = all.front().steps;
  at::Tensor samples =
      at::zeros({static_cast<int64_t>(all.size()), bars, (steps + 1) * data::kPitches});
  for (size_t i = 0; i < all.size(); ++i)
    data::put_bars(all[i], 0, bars, samples[static_cast<int64_t>(i)].data_ptr<float>());
  const auto again = tunes_of(samples);
  ASSERT_EQ(again.size(), all.size());
  for (size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(again[i].melody, all[i].melody);
    EXPECT_EQ(again[i].chords, all[i].chords);
  }
}

TEST(MusicStatistics, AreTheDefaultsOfMusic) {
  const SampleSpec spec{.domain = "music", .shape = {8, 13 * 128}};
  for (const std::string& name : default_metrics(spec, "x"))
    EXPECT_TRUE(find_metric(name).fits("music")) << name;
  EXPECT_FALSE(find_metric("bars").fits("image"));
}

}  // namespace
}  // namespace ganymede::metrics
