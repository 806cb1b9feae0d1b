#include "ganymede/data/music/layout.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "ganymede/core/error.h"

namespace ganymede::data {
namespace {

constexpr float kQuietest = 0.05F;
constexpr int64_t kMostBars = 1024;

[[noreturn]] void refuse(const std::string& text) {
  throw ModelError({.where = "domain state of music",
                    .found = text.substr(0, 80),
                    .allowed = R"({"meter": "4/4", "bars": 8, "quarter_us": 500000})"});
}

}  // namespace

std::string MusicState::to_json() const {
  return nlohmann::json({{"meter", meter.text()}, {"bars", bars}, {"quarter_us", quarter_us}})
      .dump();
}

MusicState MusicState::from_json(const std::string& text) {
  MusicState state;
  try {
    const auto json = nlohmann::json::parse(text);
    const auto meter = parse_meter(json.at("meter").get<std::string>());
    state.bars = json.at("bars").get<int64_t>();
    state.quarter_us = json.at("quarter_us").get<int64_t>();
    const bool fits = meter && state.bars >= 1 && state.bars <= kMostBars &&
                      state.quarter_us >= 1 && state.quarter_us < 1 << 24;
    if (!fits) refuse(text);
    state.meter = *meter;
  } catch (const nlohmann::json::exception&) {
    refuse(text);
  }
  return state;
}

SampleSpec music_spec(const MusicState& state) {
  SampleSpec spec{.domain = "music", .shape = {state.bars, (state.meter.steps() + 1) * kPitches}};
  spec.domain_state = state.to_json();
  spec.given = {{.domain = "chords", .shape = {state.bars, kChordWidth}}};
  return spec;
}

void put_bars(const Tune& tune, int64_t first, int64_t bars, float* sample) {
  std::fill_n(sample, bars * (tune.steps + 1) * kPitches, 0.0F);
  for (int64_t bar = first; bar < first + bars; ++bar) {
    for (int64_t step = 0; step < tune.steps; ++step, sample += kPitches) {
      const int pitch = tune.melody[static_cast<size_t>(bar * tune.steps + step)];
      if (pitch != kSilent) sample[pitch] = 1;
    }
    put_chord(tune.chords[static_cast<size_t>(bar)], sample);
    sample += kPitches;
  }
}

void put_chords(const Tune& tune, int64_t first, int64_t bars, float* given) {
  for (int64_t bar = first; bar < first + bars; ++bar, given += kChordWidth)
    put_chord(tune.chords[static_cast<size_t>(bar)], given);
}

Tune take_tune(const float* sample, int64_t bars, int64_t steps) {
  Tune tune{.name = {}, .steps = steps, .melody = {}, .chords = {}};
  for (int64_t bar = 0; bar < bars; ++bar) {
    for (int64_t step = 0; step < steps; ++step, sample += kPitches) {
      const float* most = std::max_element(sample, sample + kPitches);
      tune.melody.push_back(*most < kQuietest ? kSilent : static_cast<int>(most - sample));
    }
    tune.chords.push_back(take_chord(sample));
    sample += kPitches;
  }
  return tune;
}

}  // namespace ganymede::data
