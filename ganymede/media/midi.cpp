#include "ganymede/media/midi.h"

#include <algorithm>
#include <deque>
#include <map>
#include <tuple>

#include "ganymede/core/error.h"
#include "ganymede/core/files.h"
#include "ganymede/media/midi_bytes.h"

namespace ganymede::media {
namespace {

constexpr size_t kChunkHead = 8;
constexpr size_t kHeaderBytes = 6;
constexpr size_t kNameBytes = 1024;
constexpr size_t kRiffHead = 20;  // "RIFF" size "RMID" "data" size
constexpr int kLargestDenominatorPower = 6;

enum Meta { kTrackName = 0x03, kEndOfTrack = 0x2f, kSetTempo = 0x51, kTimeSignature = 0x58 };

struct Key {
  int channel;
  int pitch;
  auto operator<=>(const Key&) const = default;
};

struct Held {
  int64_t begin;
  int velocity;
  size_t offset;  // of its note-on, for messages
};

// Reads the events of one track chunk into a track, and its tempos and meters into the file.
class TrackReader {
 public:
  TrackReader(MidiCursor cursor, const MidiLimits& limits, int64_t& events, MidiFile& file)
      : cursor_(std::move(cursor)), limits_(limits), events_(events), file_(file) {}

  MidiTrack read() {
    while (!ended_ && !cursor_.at_end()) read_event();
    finish();
    return std::move(track_);
  }

 private:
  void read_event() {
    const size_t begin = cursor_.offset();
    if (++events_ > limits_.events) {
      cursor_.fail(begin, "more than " + std::to_string(limits_.events) + " events",
                   "at most that many in a file");
    }
    tick_ += cursor_.variable();
    if (tick_ > limits_.ticks) {
      cursor_.fail(begin, "an event at tick " + std::to_string(tick_),
                   "at most " + std::to_string(limits_.ticks) + " ticks");
    }
    const size_t at = cursor_.offset();
    const int first = cursor_.peek();
    if (first == 0xff) {
      cursor_.byte();
      read_meta(at);
    } else if (first == 0xf0 || first == 0xf7) {
      cursor_.byte();
      read_exclusive(at, first);
    } else if (first > 0xf0) {
      cursor_.fail(at, "status " + hex_byte(first), "channel messages, F0, F7 and FF");
    } else {
      if (first >= 0x80) status_ = cursor_.byte();
      if (status_ == 0) cursor_.fail(at, "running status " + hex_byte(first) + " before a status");
      read_channel_message(at);
    }
  }

  void read_channel_message(size_t at) {
    const int kind = status_ >> 4, channel = status_ & 15;
    const int a = data_byte();
    const int b = kind == 0xc || kind == 0xd ? 0 : data_byte();
    if (kind == 0x9 && b > 0) {
      begin_note(at, {channel, a}, b);
    } else if (kind == 0x8 || kind == 0x9) {
      end_note({channel, a});
    } else if (kind == 0xc && track_.program < 0) {
      track_.program = a;
      track_.program_channel = channel;
    }
  }

  int data_byte() {
    const size_t at = cursor_.offset();
    const int value = cursor_.byte();
    if (value >= 0x80) cursor_.fail(at, "data byte " + hex_byte(value), "00 to 7F");
    return value;
  }

  void begin_note(size_t at, const Key& key, int velocity) {
    if (++held_count_ > limits_.notes_at_once) {
      cursor_.fail(at, "more than " + std::to_string(limits_.notes_at_once) + " notes at once",
                   "at most that many in a track");
    }
    held_[key].push_back({tick_, velocity, at});
  }

  void end_note(const Key& key) {
    const auto found = held_.find(key);
    if (found == held_.end() || found->second.empty()) return;  // nothing sounds: nothing to end
    const Held note = found->second.front();
    found->second.pop_front();
    --held_count_;
    if (note.begin < tick_)
      track_.notes.push_back({note.begin, tick_, key.pitch, note.velocity, key.channel});
  }

  void read_meta(size_t at) {
    const int type = cursor_.byte();
    const std::string_view data = cursor_.block();
    status_ = 0;  // running status does not reach across
    if (type == kEndOfTrack) {
      ended_ = true;
    } else if (type == kTrackName && track_.name.empty()) {
      track_.name = std::string(data.substr(0, kNameBytes));
    } else if (type == kSetTempo) {
      read_tempo(at, data);
    } else if (type == kTimeSignature) {
      read_meter(at, data);
    }
  }

  void read_tempo(size_t at, std::string_view data) {
    if (data.size() != 3)
      cursor_.fail(at, "a tempo of " + std::to_string(data.size()) + " bytes", "3");
    const auto quarter_us = static_cast<int64_t>(big_endian(data));
    if (quarter_us == 0)
      cursor_.fail(at, "tempo 0", "1 to 16777215 microseconds in a quarter note");
    file_.tempos.push_back({tick_, quarter_us});
  }

  void read_meter(size_t at, std::string_view data) {
    if (data.size() < 2)
      cursor_.fail(at, "a time signature of " + std::to_string(data.size()) + " bytes", "4");
    const int numerator = static_cast<unsigned char>(data[0]);
    const int power = static_cast<unsigned char>(data[1]);
    if (numerator == 0 || power > kLargestDenominatorPower) {
      cursor_.fail(at,
                   "time signature " + std::to_string(numerator) + "/2^" + std::to_string(power),
                   "1 to 255 above 1, 2, 4, 8, 16, 32 or 64");
    }
    file_.meters.push_back({tick_, numerator, 1 << power});
  }

  // A message may come in packets: F0 begins one, F7 goes on, the last ends with the byte F7. An F7
  // on its own carries any bytes.
  void read_exclusive(size_t at, int first) {
    const std::string_view data = cursor_.block();
    status_ = 0;
    if (first == 0xf0 && open_exclusive_)
      cursor_.fail(at, "a system exclusive message within another");
    if (first == 0xf7 && !open_exclusive_) return;
    if (first == 0xf0) exclusive_offset_ = at;
    open_exclusive_ = data.empty() || data.back() != '\xf7';
  }

  void finish() {
    if (open_exclusive_)
      cursor_.fail(exclusive_offset_, "a system exclusive message without end",
                   "a last byte F7 in its track");
    for (const auto& [key, notes] : held_) {
      if (notes.empty()) continue;
      cursor_.fail(notes.front().offset,
                   "a note (pitch " + std::to_string(key.pitch) + ", channel " +
                       std::to_string(key.channel + 1) + ") that never ends",
                   "a note-off in its track");
    }
    std::stable_sort(
        track_.notes.begin(), track_.notes.end(), [](const MidiNote& a, const MidiNote& b) {
          return std::tie(a.begin, a.pitch, a.channel) < std::tie(b.begin, b.pitch, b.channel);
        });
  }

  MidiCursor cursor_;
  const MidiLimits& limits_;
  int64_t& events_;
  MidiFile& file_;
  MidiTrack track_;
  std::map<Key, std::deque<Held>> held_;
  int64_t held_count_ = 0;
  int64_t tick_ = 0;
  int status_ = 0;  // 0: none yet
  bool ended_ = false;
  bool open_exclusive_ = false;
  size_t exclusive_offset_ = 0;
};

// By tick; of several at one tick the last that the file gives.
template <class Change>
void settle(std::vector<Change>& changes) {
  std::stable_sort(changes.begin(), changes.end(),
                   [](const Change& a, const Change& b) { return a.tick < b.tick; });
  std::vector<Change> kept;
  for (const Change& change : changes) {
    if (!kept.empty() && kept.back().tick == change.tick) kept.pop_back();
    kept.push_back(change);
  }
  changes = std::move(kept);
}

// Sizes in a RIFF file are little-endian.
MidiCursor unwrapped(const MidiCursor& file) {
  const std::string_view bytes = file.rest();
  if (!bytes.starts_with("RIFF")) return file;
  if (bytes.size() <= kRiffHead || bytes.substr(8, 8) != "RMIDdata") {
    file.fail(0, "a RIFF file of " + std::to_string(bytes.size()) + " bytes without MIDI data",
              "RIFF, RMID, data and a MIDI file");
  }
  uint64_t size = 0;
  for (size_t i = 4; i-- > 0;) size = size << 8 | static_cast<unsigned char>(bytes[16 + i]);
  return file.part(kRiffHead, size, "a RIFF chunk");
}

void read_header(MidiCursor& cursor, const MidiLimits& limits, MidiFile& file, int& tracks) {
  const size_t at = cursor.offset();
  if (!cursor.rest().starts_with("MThd"))
    cursor.fail(at, "no MIDI file: starts with " + hex_text(cursor.rest().substr(0, 4)), "MThd");
  cursor.skip(4);
  const uint64_t size = cursor.number(4);
  if (size < kHeaderBytes) cursor.fail(at, "a header of " + std::to_string(size) + " bytes", "6");
  MidiCursor header = cursor.take(size, "a header");
  file.format = static_cast<int>(header.number(2));
  tracks = static_cast<int>(header.number(2));
  const int division = static_cast<int>(header.number(2));
  if (file.format > 1) cursor.fail(at, "format " + std::to_string(file.format), "0 or 1");
  if (tracks < 1 || tracks > limits.tracks || (file.format == 0 && tracks != 1)) {
    cursor.fail(at, std::to_string(tracks) + " tracks",
                file.format == 0 ? "1 in format 0" : "1 to " + std::to_string(limits.tracks));
  }
  if (division >= 0x8000)
    cursor.fail(at, "SMPTE time (division " + std::to_string(division) + ")",
                "ticks in a quarter note: 1 to 32767");
  if (division == 0) cursor.fail(at, "division 0", "1 to 32767 ticks in a quarter note");
  file.ticks_per_quarter = division;
}

}  // namespace

int64_t MidiFile::ticks() const {
  int64_t last = 0;
  for (const MidiTrack& track : tracks)
    for (const MidiNote& note : track.notes) last = std::max(last, note.end);
  return last;
}

MidiFile decode_midi(std::string_view bytes, const std::string& where, const MidiLimits& limits) {
  MidiCursor cursor(bytes, where);
  if (bytes.size() > limits.bytes)
    cursor.fail(0, std::to_string(bytes.size()) + " bytes",
                "at most " + std::to_string(limits.bytes));
  cursor = unwrapped(cursor);
  MidiFile file;
  int tracks = 0;
  read_header(cursor, limits, file, tracks);
  int64_t events = 0;
  while (static_cast<int>(file.tracks.size()) < tracks) {
    const size_t at = cursor.offset();
    if (cursor.rest().size() < kChunkHead) {
      cursor.fail(at, "the end after " + std::to_string(file.tracks.size()) + " tracks",
                  "the " + std::to_string(tracks) + " that the header names");
    }
    const bool is_track = cursor.rest().starts_with("MTrk");
    cursor.skip(4);
    const uint64_t size = cursor.number(4);
    MidiCursor chunk = cursor.take(size, is_track ? "a track" : "a chunk");
    if (!is_track) continue;  // chunks of other kinds are to be passed over
    file.tracks.push_back(TrackReader(chunk, limits, events, file).read());
  }
  settle(file.tempos);
  settle(file.meters);
  return file;
}

MidiFile read_midi(const std::filesystem::path& path, const MidiLimits& limits) {
  return decode_midi(read_file(path, limits.bytes), path.string(), limits);
}

bool is_midi(std::string_view first_bytes) {
  return first_bytes.starts_with("MThd") ||
         (first_bytes.starts_with("RIFF") && first_bytes.size() >= 12 &&
          first_bytes.substr(8, 4) == "RMID");
}

double midi_seconds(const MidiFile& file, int64_t tick) {
  MidiTempo now;
  double seconds = 0;
  const auto pass = [&](int64_t until) {
    seconds += static_cast<double>(until - now.tick) * static_cast<double>(now.quarter_us) * 1e-6 /
               file.ticks_per_quarter;
  };
  for (const MidiTempo& change : file.tempos) {
    if (change.tick >= tick) break;
    pass(change.tick);
    now = change;
  }
  pass(tick);
  return seconds;
}

}  // namespace ganymede::media
