#include <algorithm>
#include <tuple>

#include "ganymede/core/error.h"
#include "ganymede/core/files.h"
#include "ganymede/media/midi.h"

namespace ganymede::media {
namespace {

constexpr int64_t kLargestQuantity = (int64_t{1} << 28) - 1;
constexpr size_t kNameBytes = 1024;

[[noreturn]] void refuse(const std::string& found, const std::string& allowed) {
  throw UsageError({.where = "MIDI", .found = found, .allowed = allowed});
}

void check(int64_t value, int64_t low, int64_t high, const char* what) {
  if (value >= low && value <= high) return;
  refuse(std::string(what) + " " + std::to_string(value),
         std::to_string(low) + " to " + std::to_string(high));
}

void put(std::string& out, uint64_t value, int bytes) {
  for (int i = bytes; i-- > 0;) out += static_cast<char>(value >> 8 * i & 0xff);
}

void put_variable(std::string& out, int64_t value) {
  for (int shift = 21; shift > 0; shift -= 7) {
    if (value >> shift != 0) out += static_cast<char>(0x80 | (value >> shift & 0x7f));
  }
  out += static_cast<char>(value & 0x7f);
}

// An event before it is known how long after the one before it comes.
struct Timed {
  int64_t tick = 0;
  int rank = 0;  // at one tick: descriptions, then ends of notes, then their beginnings
  std::string bytes = {};
};

std::string meta(int type, const std::string& data) {
  std::string bytes = {'\xff', static_cast<char>(type)};
  put_variable(bytes, static_cast<int64_t>(data.size()));
  return bytes + data;
}

void add_changes(const MidiFile& file, std::vector<Timed>& events) {
  for (const MidiTempo& tempo : file.tempos) {
    check(tempo.quarter_us, 1, (1 << 24) - 1, "tempo");
    std::string data;
    put(data, static_cast<uint64_t>(tempo.quarter_us), 3);
    events.push_back({tempo.tick, 0, meta(0x51, data)});
  }
  for (const MidiMeter& meter : file.meters) {
    check(meter.numerator, 1, 255, "beats in a bar");
    int power = 0;
    while (power < 6 && 1 << power != meter.denominator) ++power;
    if (1 << power != meter.denominator)
      refuse("beats of 1/" + std::to_string(meter.denominator), "1, 2, 4, 8, 16, 32 or 64");
    // 24 MIDI clocks in a click and 8 notated 32nds in a quarter note, as is usual.
    const std::string data = {static_cast<char>(meter.numerator), static_cast<char>(power), 24, 8};
    events.push_back({meter.tick, 0, meta(0x58, data)});
  }
}

void add_track(const MidiTrack& track, std::vector<Timed>& events) {
  if (!track.name.empty()) events.push_back({0, 0, meta(0x03, track.name.substr(0, kNameBytes))});
  if (track.program >= 0) {
    check(track.program, 0, 127, "program");
    check(track.program_channel, 0, 15, "channel");
    events.push_back(
        {0,
         0,
         {static_cast<char>(0xc0 | track.program_channel), static_cast<char>(track.program)}});
  }
  for (const MidiNote& note : track.notes) {
    check(note.pitch, 0, 127, "pitch");
    check(note.velocity, 1, 127, "velocity");
    check(note.channel, 0, 15, "channel");
    check(note.end, note.begin + 1, kLargestQuantity, "end of a note");
    const auto pitch = static_cast<char>(note.pitch);
    events.push_back(
        {note.begin,
         2,
         {static_cast<char>(0x90 | note.channel), pitch, static_cast<char>(note.velocity)}});
    events.push_back({note.end, 1, {static_cast<char>(0x80 | note.channel), pitch, 64}});
  }
}

std::string chunk(const char* kind, const std::string& data) {
  std::string bytes = kind;
  put(bytes, data.size(), 4);
  return bytes + data;
}

std::string track_chunk(std::vector<Timed> events) {
  std::stable_sort(events.begin(), events.end(), [](const Timed& a, const Timed& b) {
    return std::tie(a.tick, a.rank) < std::tie(b.tick, b.rank);
  });
  std::string data;
  int64_t tick = 0;
  for (const Timed& event : events) {
    check(event.tick, 0, kLargestQuantity, "tick");
    put_variable(data, event.tick - tick);
    data += event.bytes;
    tick = event.tick;
  }
  put_variable(data, 0);
  return chunk("MTrk", data + meta(0x2f, ""));
}

}  // namespace

std::string encode_midi(const MidiFile& file) {
  check(file.format, 0, 1, "format");
  check(static_cast<int64_t>(file.tracks.size()), 1, file.format == 0 ? 1 : 65535, "tracks:");
  check(file.ticks_per_quarter, 1, 32767, "ticks in a quarter note:");
  std::string header;
  put(header, static_cast<uint64_t>(file.format), 2);
  put(header, file.tracks.size(), 2);
  put(header, static_cast<uint64_t>(file.ticks_per_quarter), 2);
  std::string bytes = chunk("MThd", header);
  for (const MidiTrack& track : file.tracks) {
    std::vector<Timed> events;
    if (&track == &file.tracks.front()) add_changes(file, events);
    add_track(track, events);
    bytes += track_chunk(std::move(events));
  }
  return bytes;
}

void write_midi(const std::filesystem::path& path, const MidiFile& file) {
  write_file_atomic(path, encode_midi(file));
}

}  // namespace ganymede::media
