#include "ganymede/media/midi.h"

#include <cmath>
#include <cstdlib>

#include "container_checks.h"
#include "ganymede/core/random.h"
#include "ganymede/media/synth.h"

namespace ganymede::media {
namespace {

namespace fs = std::filesystem;

std::string be(uint64_t value, int bytes) {
  std::string out;
  for (int i = bytes; i-- > 0;) out += static_cast<char>(value >> 8 * i & 0xff);
  return out;
}

std::string bytes_of(std::initializer_list<int> values) {
  std::string out;
  for (const int value : values) out += static_cast<char>(value);
  return out;
}

std::string header(int format, int tracks, int division) {
  return "MThd" + be(6, 4) + be(static_cast<uint64_t>(format), 2) +
         be(static_cast<uint64_t>(tracks), 2) + be(static_cast<uint64_t>(division), 2);
}

std::string track(const std::string& events) { return "MTrk" + be(events.size(), 4) + events; }

const std::string kEnd = bytes_of({0x00, 0xff, 0x2f, 0x00});

// A file of one track of these events, with the end that belongs to it.
std::string file_of(const std::string& events, int division = 96) {
  return header(0, 1, division) + track(events + kEnd);
}

void expect_bad(const std::string& label, const std::string& needle, const std::string& bytes) {
  expect_refused<DataError>(label, needle, [&] { decode_midi(bytes, "bad.mid"); });
}

TEST(Midi, ReadsNotesTemposMetersNamesAndPrograms) {
  const MidiFile file = decode_midi(
      header(1, 2, 480) +
          track(bytes_of({0,    0xff, 0x51, 3,    0x07, 0xa1, 0x20,     // 500,000
                          0,    0xff, 0x58, 4,    6,    3,    24,   8,  // 6/8
                          0x83, 0x60, 0xff, 0x51, 3,    0x03, 0xd0, 0x90}) +
                kEnd) +
          track(bytes_of({0,   0xff, 0x03, 2,  'h',  'i',  0,  0xc1, 24, 0,    0x91, 60,
                          100, 0,    64,   90, 0x83, 0x60, 60, 0,    0,  0x81, 64,   64}) +
                kEnd),
      "x");
  EXPECT_EQ(file.format, 1);
  EXPECT_EQ(file.ticks_per_quarter, 480);
  EXPECT_EQ(file.tempos, (std::vector<MidiTempo>{{0, 500'000}, {480, 250'000}}));
  EXPECT_EQ(file.meters, (std::vector<MidiMeter>{{0, 6, 8}}));
  ASSERT_EQ(file.tracks.size(), 2U);
  EXPECT_EQ(file.tracks[1].name, "hi");
  EXPECT_EQ(file.tracks[1].program, 24);
  EXPECT_EQ(file.tracks[1].program_channel, 1);
  EXPECT_EQ(file.tracks[1].notes,
            (std::vector<MidiNote>{{0, 480, 60, 100, 1}, {0, 480, 64, 90, 1}}));
  EXPECT_DOUBLE_EQ(midi_seconds(file, 960), 0.75);
}

TEST(Midi, RunningStatusSysexUnknownChunksAndEqualNotes) {
  const std::string events =
      bytes_of({0, 0xf0, 3,  1, 2,  0xf7,                             // one packet
                0, 0xf0, 1,  1, 0,  0xf7, 2, 2,  0xf7,                // two packets
                0, 0x90, 60, 1, 10, 60,   2, 10, 60,   0, 10, 60, 0,  // the first begun ends first
                0, 61,   9,  0, 61, 0}) +                             // of no length
      kEnd;
  const MidiFile file =
      decode_midi(header(1, 1, 96) + "XYZW" + be(3, 4) + "abc" + track(events) + "tail", "x");
  EXPECT_EQ(file.tracks[0].notes, (std::vector<MidiNote>{{0, 20, 60, 1, 0}, {10, 30, 60, 2, 0}}));
}

TEST(Midi, RiffWrapperIsTakenOff) {
  const std::string inner = file_of(bytes_of({0, 0x90, 60, 64, 96, 60, 0}));
  const std::string wrapped = "RIFF" + le(static_cast<uint32_t>(inner.size() + 12)) + "RMIDdata" +
                              le(static_cast<uint32_t>(inner.size())) + inner;
  EXPECT_TRUE(is_midi(wrapped));
  EXPECT_TRUE(is_midi(inner));
  EXPECT_FALSE(is_midi("RIFF"));
  EXPECT_EQ(decode_midi(wrapped, "x"), decode_midi(inner, "x"));
}

MidiFile random_file(uint64_t seed) {
  Stream random(seed, "midi");
  MidiFile file{.format = 1, .ticks_per_quarter = 1 + static_cast<int>(random.below(32767))};
  file.tempos = {{0, 1 + static_cast<int64_t>(random.below((1 << 24) - 1))}, {777, 1}};
  file.meters = {{0, 1 + static_cast<int>(random.below(255)), 1 << random.below(7)}};
  for (int t = 0; t < 3; ++t) {
    MidiTrack track{.name = t == 1 ? "" : "track",
                    .program = static_cast<int>(random.below(129)) - 1};
    if (track.program >= 0) track.program_channel = t;
    int64_t tick = 0;
    for (int i = 0; i < 50; ++i) {
      tick += static_cast<int64_t>(random.below(i % 7 == 0 ? 3'000'000 : 200));
      const int64_t end = tick + 1 + static_cast<int64_t>(random.below(300));
      track.notes.push_back({tick, end, static_cast<int>(random.below(128)),
                             1 + static_cast<int>(random.below(127)), t});
      tick = end;
    }
    file.tracks.push_back(track);
  }
  return file;
}

TEST(Midi, RoundTrips) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    const MidiFile file = random_file(seed);
    const std::string bytes = encode_midi(file);
    const MidiFile again = decode_midi(bytes, "x");
    EXPECT_EQ(again, file) << seed;
    EXPECT_EQ(encode_midi(again), bytes);
  }
}

TEST(Midi, WriterRefusesWhatNoFileCanSay) {
  MidiFile file = random_file(1);
  file.format = 0;
  EXPECT_THROW(encode_midi(file), UsageError);
  file = random_file(1);
  file.tracks[0].notes[0].pitch = 128;
  EXPECT_THROW(encode_midi(file), UsageError);
  file = random_file(1);
  file.tracks[0].notes[0].end = file.tracks[0].notes[0].begin;
  EXPECT_THROW(encode_midi(file), UsageError);
  file = random_file(1);
  file.meters[0].denominator = 3;
  EXPECT_THROW(encode_midi(file), UsageError);
  file = random_file(1);
  file.tempos[0].quarter_us = 0;
  EXPECT_THROW(encode_midi(file), UsageError);
}

// The list of hostile files.
TEST(MidiHostile, Mid01HeaderLengths) {
  const std::string rest = be(0, 2) + be(1, 2) + be(96, 2) + track(kEnd);
  expect_bad("0", "[bad.mid: byte 0] a header of 0 bytes", "MThd" + be(0, 4) + rest);
  expect_bad("5", "a header of 5 bytes", "MThd" + be(5, 4) + rest);
  expect_bad("1000", "a header of 1000 bytes", "MThd" + be(1000, 4) + rest);
  expect_bad("2^32-1", "a header of 4294967295 bytes", "MThd" + be(0xffffffff, 4) + rest);
  // A longer header that is there is allowed by the standard.
  const std::string longer = "MThd" + be(8, 4) + be(0, 2) + be(1, 2) + be(96, 2) + "ab";
  EXPECT_EQ(decode_midi(longer + track(kEnd), "x").tracks.size(), 1U);
}

TEST(MidiHostile, Mid02Tracks) {
  expect_bad("65,535 tracks", "[bad.mid: byte 0] 65535 tracks; allowed: 1 to 256",
             header(1, 65535, 96) + track(kEnd));
  expect_bad("none", "0 tracks", header(1, 0, 96));
  expect_bad("two in format 0", "2 tracks; allowed: 1 in format 0", header(0, 2, 96));
  expect_bad("fewer than named", "[bad.mid: byte 26] the end after 1 tracks",
             header(1, 2, 96) + track(kEnd));
}

TEST(MidiHostile, Mid03TrackBeyondTheFile) {
  expect_bad("one byte", "a track of 5 bytes; allowed: the 4",
             header(0, 1, 96) + "MTrk" + be(5, 4) + kEnd);
  expect_bad("288 MB", "a track of 301989888 bytes",
             header(0, 1, 96) + "MTrk" + be(301989888, 4) + kEnd);
  expect_bad("4 GiB chunk of another kind", "a chunk of 4294967295 bytes",
             header(0, 1, 96) + "XYZW" + be(0xffffffff, 4) + kEnd);
}

TEST(MidiHostile, Mid04LongQuantity) {
  expect_bad("10 continuation bytes", "[bad.mid: byte 22] a quantity of more than 4 bytes",
             file_of(std::string(10, '\xff') + bytes_of({0x7f, 0x90, 60, 64})));
}

TEST(MidiHostile, Mid05RunningStatusFirst) {
  expect_bad("data first", "[bad.mid: byte 23] running status 3C before a status",
             file_of(bytes_of({0, 60, 64})));
  expect_bad("after a meta event", "running status 3C before a status",
             file_of(bytes_of({0, 0x90, 60, 64, 0, 0xff, 0x01, 0, 0, 60, 0})));
}

TEST(MidiHostile, Mid06EndlessSystemExclusive) {
  expect_bad("beyond the track", "100 bytes of a message", file_of(bytes_of({0, 0xf0, 100, 1})));
  expect_bad("no F7", "[bad.mid: byte 23] a system exclusive message without end",
             file_of(bytes_of({0, 0xf0, 2, 1, 2})));
}

TEST(MidiHostile, Mid07TempoZero) {
  expect_bad("0", "[bad.mid: byte 23] tempo 0", file_of(bytes_of({0, 0xff, 0x51, 3, 0, 0, 0})));
  expect_bad("2 bytes", "a tempo of 2 bytes; allowed: 3",
             file_of(bytes_of({0, 0xff, 0x51, 2, 1, 1})));
}

TEST(MidiHostile, Mid08Division) {
  expect_bad("0", "division 0", file_of("", 0));
  expect_bad("SMPTE", "SMPTE time", file_of("", 0xe728));
}

TEST(MidiHostile, Mid09DeltaSum) {
  std::string events;
  for (int i = 0; i < 100; ++i) events += bytes_of({0xff, 0xff, 0xff, 0x7f, 0x90, 60, 0});
  expect_bad("268 million ticks each", "an event at tick", file_of(events));
}

TEST(MidiHostile, Mid10TenMillionEvents) {
  std::string events = bytes_of({0, 60, 0});  // by running status
  while (events.size() < 3 * 10'000'000) events += events;
  const std::string begin = bytes_of({0, 0x90, 60, 0});
  const std::string few = file_of(begin + events.substr(0, 3 * 4'000'000));
  expect_bad("within 16 MiB", "more than 1000000 events", few);
  const std::string many = file_of(begin + events);
  MidiLimits limits;
  limits.bytes = size_t{64} << 20;
  expect_refused<DataError>("1e7", "more than 1000000 events",
                            [&] { decode_midi(many, "bad.mid", limits); });
  expect_bad("bytes", "allowed: at most 16777216", std::string((16 << 20) + 1, 'M'));
}

TEST(MidiHostile, Mid11NoteWithoutEnd) {
  expect_bad("one", "[bad.mid: byte 23] a note (pitch 60, channel 1) that never ends",
             file_of(bytes_of({0, 0x90, 60, 64})));
  std::string events;
  for (int i = 0; i < 1000; ++i) events += bytes_of({0, 0x90, 60, 64});
  expect_bad("many", "more than 256 notes at once", file_of(events));
}

TEST(MidiHostile, Mid12RiffOf20Bytes) {
  expect_bad("no data", "a RIFF file of 20 bytes without MIDI data",
             "RIFF" + le(uint32_t{12}) + "RMIDdata" + le(uint32_t{0}));
  expect_bad("size beyond the file", "a RIFF chunk of 4294967295 bytes",
             "RIFF" + le(uint32_t{12}) + "RMIDdata" + le(~uint32_t{0}) + "MThd");
}

TEST(MidiHostile, OtherNonsense) {
  expect_bad("empty", "no MIDI file: starts with nothing", "");
  expect_bad("text", "no MIDI file: starts with 68 65 6C 6C", "hello");
  expect_bad("format 2", "format 2; allowed: 0 or 1", header(2, 1, 96) + track(kEnd));
  expect_bad("real time status", "status FE", file_of(bytes_of({0, 0xfe})));
  expect_bad("high data byte", "data byte 90", file_of(bytes_of({0, 0x90, 0x90, 64})));
  expect_bad("meter", "time signature 4/2^200", file_of(bytes_of({0, 0xff, 0x58, 2, 4, 200})));
}

// Every shortened and every flipped form of a good file: a typed error or a file, nothing else.
TEST(MidiHostile, CutAndFlipped) {
  const std::string good = encode_midi(random_file(3));
  for (size_t cut = 0; cut < good.size(); ++cut) {
    try {
      decode_midi(std::string_view(good).substr(0, cut), "x");
    } catch (const DataError&) {
      continue;
    }
    ADD_FAILURE() << "accepted " << cut;
  }
  Stream random(5, "flips");
  for (int i = 0; i < 5000; ++i) {
    std::string bad = good;
    for (uint64_t n = 1 + random.below(3); n-- > 0;)
      bad[random.below(bad.size())] = static_cast<char>(random.below(256));
    try {
      const MidiFile file = decode_midi(bad, "x");
      EXPECT_LE(file.tracks.size(), 256U);
    } catch (const DataError&) {
      continue;
    }
  }
}

TEST(Midi, ReadsEveryNottinghamTune) {
  const char* shared = std::getenv("GANYMEDE_SHARED");
  const fs::path folder = fs::path(shared ? shared : "") / "data" / "nottingham_midi";
  if (!fs::is_directory(folder)) GTEST_SKIP() << "no " << folder;
  int files = 0;
  int64_t notes = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.path().extension() != ".mid") continue;
    const MidiFile file = read_midi(entry.path());
    for (const MidiTrack& track : file.tracks) notes += static_cast<int64_t>(track.notes.size());
    EXPECT_GT(file.ticks(), 0) << entry.path();
    const MidiFile again = decode_midi(encode_midi(file), "again");
    EXPECT_EQ(again.tracks, file.tracks) << entry.path();
    EXPECT_EQ(again.meters, file.meters);
    ++files;
  }
  EXPECT_EQ(files, 340);
  EXPECT_GT(notes, 50'000);
}

MidiFile chord(int64_t quarter_us = 500'000) {
  MidiFile file{.ticks_per_quarter = 480, .tempos = {{0, quarter_us}}};
  file.tracks = {{.notes = {}}};
  for (int pitch = 48; pitch < 90; ++pitch) file.tracks[0].notes.push_back({0, 960, pitch, 127, 0});
  return file;
}

TEST(Sound, PlaysWithoutClipping) {
  const Sound sound = synthesize(chord());
  float loudest = 0;
  for (const float x : sound.samples) loudest = std::max(loudest, std::abs(x));
  EXPECT_GT(loudest, 0.5F);
  EXPECT_LE(loudest, 0.9F);
  EXPECT_NEAR(sound.seconds(), 1.24, 0.01);
}

// The pitch that is heard: zero crossings of one low harmonic count its frequency.
TEST(Sound, KeepsPitch) {
  MidiFile file = chord();
  file.tracks[0].notes = {{0, 960, 69, 100, 0}};
  const Sound sound = synthesize(file);
  double best = 0, best_hz = 0;
  for (double hz = 400; hz <= 480; hz += 1) {
    double re = 0, im = 0;
    for (size_t i = 0; i < 11'025; ++i) {
      const double phase = 2 * 3.141592653589793 * hz * static_cast<double>(i) / sound.rate_hz;
      re += sound.samples[i] * std::cos(phase);
      im += sound.samples[i] * std::sin(phase);
    }
    if (re * re + im * im > best) {
      best = re * re + im * im;
      best_hz = hz;
    }
  }
  EXPECT_NEAR(best_hz, 440, 1.01);
}

TEST(Sound, LengthIsBounded) {
  EXPECT_THROW(synthesize(chord(16'000'000), {.longest_s = 30}), UsageError);
  MidiFile silent;
  silent.tracks.resize(1);
  EXPECT_NEAR(synthesize(silent).seconds(), 1, 0.01);
}

TEST(Sound, WavBytes) {
  const std::string bytes = encode_wav({8000, {0.0F, 1.0F, -1.0F, 2.0F}});
  EXPECT_EQ(bytes.size(), 52U);
  EXPECT_EQ(bytes.substr(0, 4), "RIFF");
  EXPECT_EQ(bytes.substr(4, 4), le(uint32_t{44}));
  EXPECT_EQ(bytes.substr(24, 4), le(uint32_t{8000}));
  EXPECT_EQ(bytes.substr(40, 4), le(uint32_t{8}));
  EXPECT_EQ(bytes.substr(44),
            le(int16_t{0}) + le(int16_t{32767}) + le(int16_t{-32767}) + le(int16_t{32767}));
  EXPECT_THROW(encode_wav({8000, {NAN}}), UsageError);
  EXPECT_THROW(encode_wav({10, {0}}), UsageError);
}

}  // namespace
}  // namespace ganymede::media
