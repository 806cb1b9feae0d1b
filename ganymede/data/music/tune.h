// Melodies on a grid of sixteenth notes with one chord in each bar, as MidiNet sees music
// (Yang, Chou, Yang 2017, arXiv 1703.10847, section 3.1), and what turns files into them.
//
// A tune is a run of bars of one meter. What is done to a file:
// - Its parts are the notes of one track and channel; drums (channel 10) are left out. The melody
//   is the part whose notes are highest on average, each weighted by its length.
// - In each step sounds the pitch that sounds longest in it, of equal ones the highest: so a part
//   of several voices becomes its upper line.
// - A pause is filled by the note before it, at the beginning of a bar after silence by the note
//   behind it; a bar without any note stays silent. Equal notes that follow each other are one.
// - Pitches move by octaves into C4 to B5.
// - The chord of a bar is the triad that the notes of the other parts spell, by length; where they
//   are silent the chord before goes on (at the beginning: the first that comes). A file of one
//   part takes its chords from that part.
// - A first bar of which half or more is silent (an upbeat) is left out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ganymede/data/music/chord.h"
#include "ganymede/media/midi.h"

namespace ganymede::data {

inline constexpr int kPitches = 128;
inline constexpr int kLowestPitch = 60;   // C4
inline constexpr int kHighestPitch = 83;  // B5
inline constexpr int kSilent = -1;

struct Meter {
  int numerator = 4;
  int denominator = 4;
  // Sixteenth notes in a bar; 0 where they do not fill it.
  int64_t steps() const { return 16 % denominator == 0 ? 16 / denominator * numerator : 0; }
  std::string text() const;  // "6/8"
  bool operator==(const Meter&) const = default;
};

// "6/8"; nothing for any other text, and for meters without whole steps or of more than 48.
std::optional<Meter> parse_meter(std::string_view text);

struct Tune {
  std::string name;
  int64_t steps = 16;            // in a bar
  std::vector<int> melody;       // a pitch or kSilent for each step of all bars
  std::vector<Chord> chords;     // of each bar
  int64_t quarter_us = 500'000;  // its tempo where it begins
  int64_t bars() const { return static_cast<int64_t>(chords.size()); }
};

// Into C4 to B5 by octaves.
int folded(int pitch);

// How many bars the file has of each meter that it uses, in order of first use. Meters without
// whole steps count as well.
struct MeterCount {
  Meter meter;
  int64_t bars = 0;
};
std::vector<MeterCount> meters_of(const media::MidiFile& file);

// Its runs of bars of meters with as many steps as `meter`: 4/4 takes 2/2 as well, and 6/8 not 3/4.
std::vector<Tune> tunes_of(const media::MidiFile& file, const Meter& meter,
                           const std::string& name);

// Moved by `semitones`, folded again.
Tune transposed(const Tune& tune, int semitones);

// The melody, each note struck anew at a bar line, and, where `with_chords`, each chord held for
// its bar below it; 480 ticks in a quarter note.
media::MidiFile midi_of(const Tune& tune, const Meter& meter, bool with_chords = true);

}  // namespace ganymede::data
