#include "ganymede/media/synth.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "ganymede/core/error.h"

namespace ganymede::media {
namespace {

constexpr int kHarmonics = 6;
constexpr double kAttackS = 0.005;   // a ramp instead of a click
constexpr double kReleaseS = 0.06;   // after the note's end
constexpr double kHalfLifeS = 0.55;  // of the fundamental of middle C
constexpr double kLoudness = 0.22;   // of one note at full velocity
constexpr double kConcertPitchHz = 440;
constexpr int kConcertPitch = 69;

double frequency_of(int pitch) {
  return kConcertPitchHz * std::exp2((pitch - kConcertPitch) / 12.0);
}

// Adds a damped sine by its recurrence: y[n] = 2 r cos(w) y[n-1] - r^2 y[n-2].
void add_partial(std::vector<double>& wave, double hz, double half_life_s, double amplitude,
                 int rate_hz) {
  const double w = 2 * std::numbers::pi * hz / rate_hz;
  const double r = std::exp2(-1 / (half_life_s * rate_hz));
  const double a = 2 * r * std::cos(w), b = -r * r;
  double before = 0, last = -amplitude * std::sin(w) / r;  // y[0] = 0 and y[-1]
  for (double& out : wave) {
    out += before;
    const double next = a * before + b * last;
    last = before;
    before = next;
  }
}

std::vector<double> plucked(const MidiNote& note, double seconds, int rate_hz) {
  std::vector<double> wave(static_cast<size_t>((seconds + kReleaseS) * rate_hz) + 1);
  const double hz = frequency_of(note.pitch);
  const double half_life = kHalfLifeS * std::sqrt(frequency_of(60) / hz);
  for (int k = 1; k <= kHarmonics && k * hz < rate_hz / 2.0; ++k)
    add_partial(wave, k * hz, half_life / std::sqrt(k), 1.0 / (k * std::sqrt(k)), rate_hz);
  const double gain = kLoudness * note.velocity / 127.0;
  const double attack = kAttackS * rate_hz, release = kReleaseS * rate_hz;
  for (size_t i = 0; i < wave.size(); ++i) {
    const auto from_end = static_cast<double>(wave.size() - i);
    wave[i] *= gain * std::min({1.0, static_cast<double>(i) / attack, from_end / release});
  }
  return wave;
}

}  // namespace

Sound synthesize(const MidiFile& file, const SynthOptions& options) {
  const double length = midi_seconds(file, file.ticks());
  if (length > options.longest_s) {
    throw UsageError({.where = "sound",
                      .found = fmt::format("{:.0f} s of music", length),
                      .allowed = fmt::format("at most {:.0f} s", options.longest_s)});
  }
  const double seconds = length > 0 ? length + 4 * kReleaseS : 1;
  Sound sound{options.rate_hz, {}};
  sound.samples.assign(static_cast<size_t>(seconds * options.rate_hz) + 2, 0.0F);
  for (const MidiTrack& track : file.tracks) {
    for (const MidiNote& note : track.notes) {
      if (note.channel == kDrumChannel) continue;
      const double begin = midi_seconds(file, note.begin);
      const auto wave = plucked(note, midi_seconds(file, note.end) - begin, options.rate_hz);
      const auto first = static_cast<size_t>(begin * options.rate_hz);
      const size_t count = std::min(wave.size(), sound.samples.size() - first);
      for (size_t i = 0; i < count; ++i) sound.samples[first + i] += static_cast<float>(wave[i]);
    }
  }
  return limited(std::move(sound));
}

}  // namespace ganymede::media
