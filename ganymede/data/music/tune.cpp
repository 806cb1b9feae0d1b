#include "ganymede/data/music/tune.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>

namespace ganymede::data {
namespace {

using media::MidiFile;
using media::MidiNote;

constexpr int64_t kMostSteps = 48;
constexpr int64_t kMostBars = 1'000'000;

// A bar of the file, in ticks.
struct Bar {
  int64_t begin = 0;
  int64_t end = 0;
  Meter meter;
};

std::vector<Bar> bars_of(const MidiFile& file) {
  std::vector<media::MidiMeter> meters = file.meters;
  if (meters.empty() || meters.front().tick > 0) meters.insert(meters.begin(), media::MidiMeter{});
  const int64_t end = file.ticks();
  std::vector<Bar> bars;
  for (size_t i = 0; i < meters.size(); ++i) {
    const Meter meter{meters[i].numerator, meters[i].denominator};
    const int64_t until = i + 1 < meters.size() ? std::min(meters[i + 1].tick, end) : end;
    const int64_t ticks = int64_t{4} * file.ticks_per_quarter * meter.numerator / meter.denominator;
    if (ticks == 0) continue;  // a meter finer than the file's ticks
    for (int64_t begin = meters[i].tick; begin < until; begin += ticks) {
      // A bar that a change of meter cuts short is no bar of this meter.
      const bool cut = i + 1 < meters.size() && begin + ticks > meters[i + 1].tick;
      bars.push_back({begin, cut ? meters[i + 1].tick : begin + ticks, cut ? Meter{0, 1} : meter});
      if (static_cast<int64_t>(bars.size()) >= kMostBars) return bars;
    }
  }
  return bars;
}

using Notes = std::vector<MidiNote>;  // by begin

std::vector<Notes> parts_of(const MidiFile& file) {
  std::map<std::pair<size_t, int>, Notes> parts;
  for (size_t t = 0; t < file.tracks.size(); ++t)
    for (const MidiNote& note : file.tracks[t].notes)
      if (note.channel != media::kDrumChannel) parts[{t, note.channel}].push_back(note);
  std::vector<Notes> result;
  for (auto& [key, notes] : parts) result.push_back(std::move(notes));
  return result;
}

double mean_pitch(const Notes& notes) {
  double sum = 0, length = 0;
  for (const MidiNote& note : notes) {
    const auto ticks = static_cast<double>(note.end - note.begin);
    sum += ticks * note.pitch;
    length += ticks;
  }
  return sum / length;
}

// What sounds in one step or bar after the other: notes are looked at once for each that they
// reach.
class Sounding {
 public:
  explicit Sounding(const Notes& notes) : notes_(notes) {}

  // Calls see(note, ticks) for what sounds within [begin, end); calls go forward in time.
  template <class See>
  void within(int64_t begin, int64_t end, const See& see) {
    while (next_ < notes_.size() && notes_[next_].begin < end) held_.push_back(&notes_[next_++]);
    std::erase_if(held_, [&](const MidiNote* note) { return note->end <= begin; });
    for (const MidiNote* note : held_)
      see(*note, std::min(note->end, end) - std::max(note->begin, begin));
  }

 private:
  const Notes& notes_;
  std::vector<const MidiNote*> held_;
  size_t next_ = 0;
};

int melody_at(Sounding& part, int64_t begin, int64_t end) {
  int pitch = kSilent;
  int64_t longest = 0;
  part.within(begin, end, [&](const MidiNote& note, int64_t ticks) {
    if (ticks < longest || (ticks == longest && note.pitch <= pitch)) return;
    longest = ticks;
    pitch = note.pitch;
  });
  return pitch == kSilent ? kSilent : folded(pitch);
}

// Returns how many steps sounded before pauses were filled.
int64_t add_bar(Sounding& part, const Bar& bar, int64_t steps, std::vector<int>& melody) {
  const size_t first = melody.size();
  int64_t sounded = 0;
  const int64_t ticks = bar.end - bar.begin;
  for (int64_t i = 0; i < steps; ++i) {
    const int pitch =
        melody_at(part, bar.begin + ticks * i / steps, bar.begin + ticks * (i + 1) / steps);
    sounded += pitch != kSilent ? 1 : 0;
    melody.push_back(pitch);
  }
  if (sounded == 0) return 0;
  int before = first > 0 ? melody[first - 1] : kSilent;
  for (size_t i = first; i < melody.size(); ++i) {
    if (melody[i] == kSilent) melody[i] = before;
    before = melody[i];
  }
  for (size_t i = melody.size(); i-- > first;) {
    if (melody[i] == kSilent) melody[i] = before;
    before = melody[i];
  }
  return sounded;
}

Chord chord_at(std::vector<Sounding>& parts, const Bar& bar) {
  std::array<double, kPitchClasses> sounding{};
  const MidiNote* bass = nullptr;
  for (Sounding& part : parts) {
    part.within(bar.begin, bar.end, [&](const MidiNote& note, int64_t ticks) {
      sounding.at(static_cast<size_t>(note.pitch % kPitchClasses)) += static_cast<double>(ticks);
      if (bass == nullptr || note.pitch < bass->pitch) bass = &note;
    });
  }
  return find_chord(sounding, bass == nullptr ? -1 : bass->pitch % kPitchClasses);
}

void fill_chords(std::vector<Chord>& chords) {
  const auto first = std::ranges::find_if(chords, &Chord::any);
  Chord before = first == chords.end() ? Chord{} : *first;
  for (Chord& chord : chords) {
    if (!chord.any()) chord = before;
    before = chord;
  }
}

int64_t tempo_at(const MidiFile& file, int64_t tick) {
  int64_t quarter_us = media::MidiTempo{}.quarter_us;
  for (const media::MidiTempo& tempo : file.tempos)
    if (tempo.tick <= tick) quarter_us = tempo.quarter_us;
  return quarter_us;
}

// The same length in sixteenths and the same kind of beat: thirds in 6/8, halves in 3/4.
bool alike(const Meter& a, const Meter& b) {
  const auto compound = [](const Meter& m) { return m.denominator == 8 && m.numerator % 3 == 0; };
  return a.numerator > 0 && a.steps() == b.steps() && compound(a) == compound(b);
}

void drop_first_bar(Tune& tune) {
  tune.chords.erase(tune.chords.begin());
  tune.melody.erase(tune.melody.begin(), tune.melody.begin() + tune.steps);
}

}  // namespace

std::string Meter::text() const {
  return std::to_string(numerator) + "/" + std::to_string(denominator);
}

std::optional<Meter> parse_meter(std::string_view text) {
  Meter meter;
  const char* end = text.data() + text.size();
  const auto [slash, failed] = std::from_chars(text.data(), end, meter.numerator);
  if (failed != std::errc() || slash == end || *slash != '/') return std::nullopt;
  const auto [last, wrong] = std::from_chars(slash + 1, end, meter.denominator);
  if (wrong != std::errc() || last != end || meter.numerator < 1 || meter.denominator < 1)
    return std::nullopt;
  if (meter.numerator > kMostSteps || meter.denominator > 16) return std::nullopt;
  if (meter.steps() < 1 || meter.steps() > kMostSteps) return std::nullopt;
  return meter;
}

int folded(int pitch) {
  while (pitch < kLowestPitch) pitch += kPitchClasses;
  while (pitch > kHighestPitch) pitch -= kPitchClasses;
  return pitch;
}

std::vector<MeterCount> meters_of(const MidiFile& file) {
  std::vector<MeterCount> counts;
  for (const Bar& bar : bars_of(file)) {
    if (bar.meter.numerator == 0) continue;
    const auto found =
        std::ranges::find_if(counts, [&](const MeterCount& c) { return c.meter == bar.meter; });
    if (found == counts.end())
      counts.push_back({bar.meter, 1});
    else
      ++found->bars;
  }
  return counts;
}

std::vector<Tune> tunes_of(const MidiFile& file, const Meter& meter, const std::string& name) {
  std::vector<Notes> parts = parts_of(file);
  if (parts.empty()) return {};
  std::ranges::stable_sort(
      parts, [](const Notes& a, const Notes& b) { return mean_pitch(a) > mean_pitch(b); });
  Sounding melody(parts.front());
  std::vector<Sounding> others;
  for (size_t i = parts.size() > 1 ? 1 : 0; i < parts.size(); ++i) others.emplace_back(parts[i]);

  std::vector<Tune> tunes;
  bool running = false;
  const int64_t steps = meter.steps();
  for (const Bar& bar : bars_of(file)) {
    if (!alike(bar.meter, meter)) {
      running = false;
      continue;
    }
    if (!running)
      tunes.push_back({.name = name,
                       .steps = steps,
                       .melody = {},
                       .chords = {},
                       .quarter_us = tempo_at(file, bar.begin)});
    Tune& tune = tunes.back();
    const int64_t sounded = add_bar(melody, bar, steps, tune.melody);
    tune.chords.push_back(chord_at(others, bar));
    if (!running && 2 * sounded <= steps) {
      drop_first_bar(tune);
      if (sounded == 0) tunes.pop_back();
    }
    running = sounded > 0 || running;
  }
  for (Tune& tune : tunes) fill_chords(tune.chords);
  std::erase_if(tunes, [](const Tune& tune) { return tune.bars() == 0; });
  return tunes;
}

Tune transposed(const Tune& tune, int semitones) {
  Tune moved = tune;
  for (int& pitch : moved.melody)
    if (pitch != kSilent) pitch = folded(pitch + semitones);
  for (Chord& chord : moved.chords) chord = chord.transposed(semitones);
  return moved;
}

MidiFile midi_of(const Tune& tune, const Meter& meter, bool with_chords) {
  constexpr int kTicksInStep = 120;
  constexpr int kMelodyLoudness = 100, kChordLoudness = 56;
  constexpr int kChordOctave = 48;  // C3
  MidiFile file{.ticks_per_quarter = 4 * kTicksInStep,
                .tempos = {{0, tune.quarter_us}},
                .meters = {{0, meter.numerator, meter.denominator}}};
  media::MidiTrack melody{.name = "melody", .program = 73};
  const auto steps = static_cast<int64_t>(tune.melody.size());
  for (int64_t i = 0, begin = 0; i < steps; i = begin) {
    const int pitch = tune.melody[static_cast<size_t>(i)];
    const int64_t line = std::min(steps, (i / tune.steps + 1) * tune.steps);
    for (begin = i; begin < line && tune.melody[static_cast<size_t>(begin)] == pitch;) ++begin;
    if (pitch != kSilent)
      melody.notes.push_back({i * kTicksInStep, begin * kTicksInStep, pitch, kMelodyLoudness, 0});
  }
  file.tracks.push_back(std::move(melody));
  media::MidiTrack chords{.name = "chords", .program = 24, .program_channel = 1};
  const int64_t bar = tune.steps * kTicksInStep;
  for (int64_t b = 0; with_chords && b < tune.bars(); ++b) {
    const Chord& chord = tune.chords[static_cast<size_t>(b)];
    if (!chord.any()) continue;
    std::array<int, 3> pitches = chord.pitch_classes();
    std::ranges::sort(pitches);
    for (const int pitch : pitches)
      chords.notes.push_back({b * bar, (b + 1) * bar, kChordOctave + pitch, kChordLoudness, 1});
  }
  if (!chords.notes.empty()) file.tracks.push_back(std::move(chords));
  return file;
}

}  // namespace ganymede::data
