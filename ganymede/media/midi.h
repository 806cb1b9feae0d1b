// Standard MIDI files (The MIDI Manufacturers Association, "Standard MIDI Files 1.0", RP-001),
// formats 0 and 1 with a division in ticks per quarter note.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace ganymede::media {

inline constexpr int kDrumChannel = 9;  // channel 10 to people

// Sounds from tick `begin` until tick `end`, later than it.
struct MidiNote {
  int64_t begin = 0;
  int64_t end = 0;
  int pitch = 60;     // 0 to 127; 60 is middle C
  int velocity = 90;  // 1 to 127
  int channel = 0;    // 0 to 15
  bool operator==(const MidiNote&) const = default;
};

struct MidiTrack {
  std::string name = {};  // as the file has it, any bytes; at most 1024 of them
  // General MIDI program of the first change, -1: none, and the channel it is for.
  int program = -1;
  int program_channel = 0;
  std::vector<MidiNote> notes = {};  // by begin, then pitch, channel
  bool operator==(const MidiTrack&) const = default;
};

struct MidiTempo {
  int64_t tick = 0;
  int64_t quarter_us = 500'000;  // microseconds in a quarter note, 1 to 2^24 - 1
  bool operator==(const MidiTempo&) const = default;
};

struct MidiMeter {
  int64_t tick = 0;
  int numerator = 4;    // 1 to 255
  int denominator = 4;  // a power of two up to 64
  bool operator==(const MidiMeter&) const = default;
};

struct MidiFile {
  int format = 1;
  int ticks_per_quarter = 480;  // 1 to 32767
  std::vector<MidiTempo> tempos =
      {};  // by tick, at most one at each; the last that a file gives counts
  std::vector<MidiMeter> meters = {};  // likewise
  std::vector<MidiTrack> tracks = {};

  int64_t ticks() const;  // where the last note ends
  bool operator==(const MidiFile&) const = default;
};

// What a file may ask for, however small it is itself.
struct MidiLimits {
  size_t bytes = size_t{16} << 20;
  int tracks = 256;
  int64_t events = 1'000'000;            // of all tracks
  int64_t ticks = int64_t{1} << 28;      // where the last event stands
  int64_t notes_at_once = int64_t{256};  // that one track holds down
};

// Notes, tempos, meters, names and programs; controllers, lyrics and system exclusive messages are
// passed over. A note-on of velocity 0 ends a note; of equal notes held at once the first begun
// ends first; notes of no length are dropped. A RIFF wrapper (.rmi) is taken off. Throws DataError
// as "name: byte offset" with what was found there and what is allowed: format 2, SMPTE time, a
// chunk or message that reaches beyond its surroundings, numbers of more than 4 bytes, running
// status before a status, system exclusive messages without end, tempo 0, notes without end, sizes
// beyond the limits.
MidiFile decode_midi(std::string_view bytes, const std::string& where,
                     const MidiLimits& limits = {});

// Throws FileError when it cannot be read, DataError.
MidiFile read_midi(const std::filesystem::path& path, const MidiLimits& limits = {});

// True when the first bytes are those of a MIDI file, or of one in a RIFF wrapper.
bool is_midi(std::string_view first_bytes);

// decode_midi() gives the same file back when its tracks are sorted and no two notes of one pitch
// and channel sound at once. Tempos and meters go to the first track. Throws UsageError for values
// out of the ranges above, and for format 0 with another number of tracks than 1.
std::string encode_midi(const MidiFile& file);
void write_midi(const std::filesystem::path& path, const MidiFile& file);

// When `tick` is reached, in seconds from the beginning, under the file's tempos.
double midi_seconds(const MidiFile& file, int64_t tick);

}  // namespace ganymede::media
