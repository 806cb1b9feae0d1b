#include <ATen/ATen.h>

#include <algorithm>
#include <set>

#include "ganymede/data/domain.h"
#include "ganymede/data/holdout.h"
#include "ganymede/data/inspect.h"
#include "ganymede/data/music/chorales.h"
#include "ganymede/data/music/music_data.h"
#include "ganymede/data/music/music_domain.h"
#include "ganymede/media/codec.h"
#include "support.h"

namespace ganymede::data {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace)
using media::MidiFile;
using media::MidiNote;

constexpr int kStep = 120;  // ticks

MidiFile file_of(const std::vector<MidiNote>& melody, const std::vector<MidiNote>& chords,
                 Meter meter = {}) {
  MidiFile file{.ticks_per_quarter = 4 * kStep,
                .meters = {{0, meter.numerator, meter.denominator}}};
  file.tracks.push_back({.notes = melody});
  if (!chords.empty()) file.tracks.push_back({.notes = chords});
  return file;
}

MidiNote note(int64_t step, int64_t steps, int pitch, int channel = 0) {
  return {step * kStep, (step + steps) * kStep, pitch, 90, channel};
}

std::vector<MidiNote> triad(int64_t step, int64_t steps, const std::vector<int>& pitches) {
  std::vector<MidiNote> notes;
  for (const int pitch : pitches) notes.push_back(note(step, steps, pitch, 1));
  return notes;
}

TEST(Chords, NamesAreReadAndWritten) {
  for (const char* name : {"C", "F#", "A#m", "-", "Em"})
    EXPECT_EQ(chord_name(*parse_chord(name)), name);
  EXPECT_EQ(*parse_chord("Bb"), (Chord{10, false}));
  EXPECT_EQ(*parse_chord("Ebmin"), (Chord{3, true}));
  EXPECT_EQ(*parse_chord("Cmaj"), (Chord{0, false}));
  EXPECT_EQ(*parse_chord("Cb"), (Chord{11, false}));
  for (const char* name : {"", "H", "c", "C7", "Cm7", "#"}) EXPECT_FALSE(parse_chord(name)) << name;
  EXPECT_EQ(pitch_name(60), "C4");
  EXPECT_EQ(pitch_name(82), "A#5");
}

TEST(Chords, TriadsAreFoundAmongOtherNotes) {
  std::array<double, kPitchClasses> sounding{};
  EXPECT_EQ(find_chord(sounding), Chord{});
  for (const int pitch : {2, 6, 9, 0}) sounding.at(static_cast<size_t>(pitch)) = 1;  // D7
  EXPECT_EQ(find_chord(sounding, 2), (Chord{2, false}));
  sounding = {};
  for (const int pitch : {9, 0, 4}) sounding.at(static_cast<size_t>(pitch)) = 1;
  EXPECT_EQ(find_chord(sounding), (Chord{9, true}));
  sounding.at(7) = 1;  // C E G A: as much C as Am; the bass decides
  EXPECT_EQ(find_chord(sounding, 9), (Chord{9, true}));
  EXPECT_EQ(find_chord(sounding, 0), (Chord{0, false}));
}

TEST(Meters, AreReadInWholeSteps) {
  EXPECT_EQ(parse_meter("4/4")->steps(), 16);
  EXPECT_EQ(parse_meter("6/8")->steps(), 12);
  EXPECT_EQ(parse_meter("9/8")->steps(), 18);
  for (const char* text : {"", "4", "4/", "/4", "4/3", "0/4", "3/32", "4/4x", "99/4", "4/-4"})
    EXPECT_FALSE(parse_meter(text)) << text;
}

TEST(Tunes, PausesAreFilledPitchesFoldedChordsHeld) {
  std::vector<MidiNote> chords = triad(0, 16, {48, 52, 55});
  const auto last = triad(32, 16, {50, 53, 57});
  chords.insert(chords.end(), last.begin(), last.end());
  const auto tunes = tunes_of(
      file_of({note(0, 6, 60), note(8, 4, 96), note(20, 12, 50), note(32, 16, 71)}, chords), {},
      "x");
  ASSERT_EQ(tunes.size(), 1U);
  const Tune& tune = tunes[0];
  ASSERT_EQ(tune.bars(), 3);
  const auto run = [&](int64_t from, int64_t to) {
    return std::set<int>(tune.melody.begin() + from, tune.melody.begin() + to);
  };
  EXPECT_EQ(run(0, 8), std::set<int>{60});    // a pause takes the note before
  EXPECT_EQ(run(8, 20), std::set<int>{72});   // two octaves down; also over the bar line
  EXPECT_EQ(run(20, 32), std::set<int>{62});  // an octave up
  EXPECT_EQ(tune.chords, (std::vector<Chord>{{0, false}, {0, false}, {2, true}}));
}

TEST(Tunes, AnUpbeatIsLeftOutAndSilentBarsStaySilent) {
  const auto tunes =
      tunes_of(file_of({note(12, 4, 67), note(16, 16, 60), note(48, 16, 62)}, {}), {}, "x");
  ASSERT_EQ(tunes.size(), 1U);
  ASSERT_EQ(tunes[0].bars(), 3);
  EXPECT_EQ(tunes[0].melody[0], 60);
  EXPECT_EQ(tunes[0].melody[16], kSilent);
  EXPECT_EQ(tunes[0].melody[32], 62);
}

TEST(Tunes, TheHighestPartIsTheMelodyAndItsUpperLineCounts) {
  std::vector<MidiNote> low = triad(0, 16, {48, 51, 55});
  const MidiFile file = file_of(low, {note(0, 8, 72, 2), note(0, 8, 76, 2), note(8, 8, 74, 2)});
  const auto tunes = tunes_of(file, {}, "x");
  EXPECT_EQ(tunes.at(0).melody.at(0), 76);
  EXPECT_EQ(tunes[0].melody[8], 74);
  EXPECT_EQ(tunes[0].chords[0], (Chord{0, true}));
  // Drums are no part.
  EXPECT_TRUE(tunes_of(file_of({note(0, 16, 40, media::kDrumChannel)}, {}), {}, "x").empty());
}

TEST(Tunes, OtherMetersEndARun) {
  MidiFile file = file_of({note(0, 16, 60), note(16, 12, 62), note(28, 16, 64)}, {});
  file.meters = {{0, 4, 4}, {16 * kStep, 3, 4}, {28 * kStep, 4, 4}};
  const auto tunes = tunes_of(file, {4, 4}, "x");
  ASSERT_EQ(tunes.size(), 2U);
  EXPECT_EQ(tunes[0].melody[0], 60);
  EXPECT_EQ(tunes[1].melody[0], 64);
  EXPECT_EQ(tunes_of(file, {3, 4}, "x").at(0).melody.at(0), 62);
  EXPECT_TRUE(tunes_of(file, {6, 8}, "x").empty());  // as long as 3/4, of another kind
}

TEST(Tunes, SurviveTheirOwnFile) {
  Tune tune{.name = "x", .steps = 12, .melody = {}, .chords = {}};
  Stream random(3, "tune");
  for (int b = 0; b < 8; ++b) {
    for (int s = 0; s < 12; ++s) tune.melody.push_back(60 + static_cast<int>(random.below(24)));
    tune.chords.push_back({static_cast<int>(random.below(12)), random.below(2) == 1});
  }
  const MidiFile file = midi_of(tune, {6, 8});
  const auto again = tunes_of(media::decode_midi(media::encode_midi(file), "x"), {6, 8}, "x");
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].melody, tune.melody);
  EXPECT_EQ(again[0].chords, tune.chords);
  EXPECT_EQ(transposed(tune, 0).melody, tune.melody);
  EXPECT_EQ(transposed(tune, 3).chords[0], tune.chords[0].transposed(3));
}

void write_tune(const fs::path& path, int bars, Meter meter, int base) {
  std::vector<MidiNote> melody, chords;
  const int64_t steps = meter.steps();
  for (int b = 0; b < bars; ++b) {
    for (int64_t s = 0; s < steps; s += 2)
      melody.push_back(note(b * steps + s, 2, base + static_cast<int>((b + s) % 12)));
    const auto held = triad(b * steps, steps, {48 + b % 12, 52 + b % 12, 55 + b % 12});
    chords.insert(chords.end(), held.begin(), held.end());
  }
  media::write_midi(path, file_of(melody, chords, meter));
}

DataConfig at_folder(const TempFolder& folder) {
  DataConfig config;
  config.path = folder.string();
  return config;
}

TEST(MusicData, ReadsAFolderAndNamesWhatDoesNotFit) {
  const TempFolder folder;
  write_tune(folder / "a.mid", 16, {6, 8}, 60);
  write_tune(folder / "b.MID", 11, {6, 8}, 60);
  write_tune(folder / "c.mid", 20, {4, 4}, 60);
  write_bytes(folder / "d.mid", "MThd????");
  write_bytes(folder / "readme.txt", "x");
  const auto data = open_dataset(at_folder(folder));
  EXPECT_EQ(data->kind(), "music");
  EXPECT_EQ(data->spec().domain, "music");
  EXPECT_EQ(data->spec().shape, (std::vector<int64_t>{8, 13 * 128}));
  EXPECT_EQ(data->spec().given.at(0).shape, (std::vector<int64_t>{8, 13}));
  EXPECT_EQ(data->size(), 4);  // bars 1, 5, 9 of the first tune, 1 of the second
  EXPECT_EQ(data->name(1), "a.mid, bar 5");
  ASSERT_EQ(data->broken().size(), 2U);
  EXPECT_EQ(data->broken()[0].path, "c.mid");
  EXPECT_EQ(data->broken()[0].reason, "20 bars of 4/4, no 8 of 6/8 together");
  EXPECT_EQ(data->broken()[1].path, "d.mid");
  DataConfig strict = at_folder(folder);
  strict.strict = true;
  EXPECT_THROW(open_dataset(strict), DataError);
  // The fingerprint is of the music, not of names.
  EXPECT_EQ(open_dataset(at_folder(folder))->fingerprint(), data->fingerprint());
}

TEST(MusicData, IsDescribedByItsInspection) {
  const TempFolder folder;
  write_tune(folder / "a.mid", 16, {6, 8}, 60);
  write_bytes(folder / "d.mid", "MThd????");
  const DataReport report = inspect(at_folder(folder));
  EXPECT_EQ(report.domain, "music");
  EXPECT_EQ(report.samples, 3);
  EXPECT_EQ(report.broken.size(), 1U);
  EXPECT_FALSE(report.sheet.empty());
  const std::string text = report_text(report);
  EXPECT_NE(text.find("music [8 x 1664]"), std::string::npos) << text;
  EXPECT_NE(text.find("chords [8 x 13]"), std::string::npos) << text;
  EXPECT_EQ(text.find("deviation"), std::string::npos) << text;
}

TEST(MusicData, TrainingSeesTwelveKeysAndItsOwnChords) {
  const TempFolder folder;
  write_tune(folder / "a.mid", 8, {4, 4}, 60);
  const auto data = open_dataset(at_folder(folder));
  ASSERT_EQ(data->size(), 1);
  std::vector<float> sample(static_cast<size_t>(data->spec().elements()));
  std::vector<float> given(8 * 13);
  std::set<std::pair<int, int>> keys;
  for (uint64_t i = 0; i < 200; ++i) {
    Stream random(1, "data", i);
    data->read_pair(0, random, sample.data(), given.data());
    const Tune tune = take_tune(sample.data(), 8, 16);
    EXPECT_EQ(tune.chords[0], take_chord(given.data()));
    EXPECT_EQ(tune.melody[0] % 12, tune.chords[0].root);  // both begin on the root
    for (const int pitch : tune.melody)
      EXPECT_TRUE(pitch >= kLowestPitch && pitch <= kHighestPitch);
    keys.insert({tune.melody[0] % 12, tune.chords[0].root});
  }
  EXPECT_EQ(keys.size(), 12U);
}

TEST(MusicData, EveryTenthFileIsTheTestSplit) {
  const TempFolder folder;
  for (int i = 0; i < 20; ++i)
    write_tune(folder / (std::string(1, static_cast<char>('a' + i)) + ".mid"), 8, {4, 4},
               60 + i % 12);
  DataConfig config = at_folder(folder);
  const auto train = open_dataset(config);
  EXPECT_EQ(train->size(), 18);
  const auto test = open_holdout(config, train);
  ASSERT_NE(test, nullptr);
  EXPECT_EQ(test->size(), 2);
  EXPECT_EQ(test->name(0), "j.mid, bar 1");
  config.split = "all";
  EXPECT_EQ(open_dataset(config)->size(), 20);
}

TEST(MusicData, ShortTunesAreRefusedWithWhatIsThere) {
  const TempFolder folder;
  write_tune(folder / "a.mid", 5, {4, 4}, 60);
  try {
    open_dataset(at_folder(folder));
    ADD_FAILURE();
  } catch (const DataError& error) {
    EXPECT_NE(std::string(error.what()).find("5 bars of 4/4"), std::string::npos) << error.what();
  }
}

TEST(MusicDomain, WritesWhatTheExtensionSays) {
  const TempFolder folder, out;
  write_tune(folder / "a.mid", 12, {6, 8}, 60);
  const auto data = open_dataset(at_folder(folder));
  const Domain& domain = domain_of(data->spec());
  const Batch batch = read_batch(*data, {0, 1});
  const at::Tensor one = batch.samples.narrow(0, 0, 1);
  const auto written = [&](const at::Tensor& samples, const char* name) {
    return domain.write(samples, {"seed-0", "seed-1"}, out / name, {});
  };
  EXPECT_EQ(written(one, "tune.mid"), std::vector<fs::path>{out / "tune.mid"});
  const MidiFile file = media::read_midi(out / "tune.mid");
  EXPECT_EQ(file.tracks.size(), 2U);
  EXPECT_EQ(file.ticks(), 8 * 12 * kStep);
  EXPECT_EQ(file.meters.at(0), (media::MidiMeter{0, 6, 8}));
  const auto two = written(batch.samples, "tune.mid");
  EXPECT_EQ(two, (std::vector<fs::path>{out / "tune-seed-0.mid", out / "tune-seed-1.mid"}));
  EXPECT_EQ(written(one, "tune.wav").size(), 1U);
  EXPECT_GT(fs::file_size(out / "tune.wav"), 22'050U * 2 * 10);  // 12 s
  EXPECT_EQ(written(batch.samples, "tune.npz").size(), 1U);
  EXPECT_EQ(written(batch.samples, "tune.png").size(), 1U);
  EXPECT_EQ(written(batch.samples, "folder").size(), 5U);
  EXPECT_THROW(written(one, "tune.txt"), UsageError);
  EXPECT_THROW(domain.preview(at::zeros({1, 8, 100}), {}, {}), UsageError);
  const media::Image roll = domain.preview(batch.samples, {}, {});
  EXPECT_GT(roll.width, 2 * 8 * 12 * 4);
  EXPECT_EQ(domain.captions(batch.samples).size(), 2U);
}

TEST(MusicDomain, ChordsAreTyped) {
  const SampleSpec spec{.domain = "chords", .shape = {8, 13}};
  const Domain& domain = domain_of(spec);
  const at::Tensor given = domain.parse("C, Am F | G", spec);
  EXPECT_EQ(given.sizes(), (at::IntArrayRef{1, 8, 13}));
  EXPECT_EQ(domain.captions(given), std::vector<std::string>{"C Am F G C Am F G"});
  EXPECT_THROW(domain.parse("C H", spec), UsageError);
  EXPECT_THROW(domain.parse("", spec), UsageError);
  EXPECT_THROW(domain.parse("C C C C C C C C C", spec), UsageError);
}

TEST(MusicDomain, DamagedStatesAreRefused) {
  for (const char* state : {"", "{}", R"({"meter": "4/3", "bars": 8, "quarter_us": 1})",
                            R"({"meter": "4/4", "bars": 0, "quarter_us": 1})",
                            R"({"meter": 4, "bars": 8, "quarter_us": 1})"})
    EXPECT_THROW(MusicState::from_json(state), ModelError) << state;
  const MusicState state{{6, 8}, 4, 400'000};
  EXPECT_EQ(MusicState::from_json(state.to_json()).to_json(), state.to_json());
}

TEST(Chorales, StepsBecomeHeldNotes) {
  const std::string text = R"({"train": [[[60, 64], [60, 65], [], [60, -1]]], "test": []})";
  EXPECT_TRUE(resembles_chorales(text));
  EXPECT_FALSE(resembles_chorales(R"({"images": 1})"));
  const auto files = parse_chorales(text, "train", "x");
  ASSERT_EQ(files.size(), 1U);
  EXPECT_EQ(files[0].tracks[0].notes.size(), 4U);
  const auto held = std::ranges::find_if(files[0].tracks[0].notes, [](const auto& note) {
    return note.begin == 0 && note.pitch == 60;
  });
  ASSERT_NE(held, files[0].tracks[0].notes.end());
  EXPECT_EQ(held->end, 2 * kStep);
  EXPECT_TRUE(parse_chorales(text, "test", "x").empty());
  for (const char* bad :
       {"", "[]", R"({"train": 1})", R"({"train": [1]})", R"({"train": [[1]]})",
        R"({"train": [[[300]]]})", R"({"train": [[["a"]]]})", R"({"train": [[[1.5]]]})"})
    EXPECT_THROW(parse_chorales(bad, "all", "x"), DataError) << bad;
}

TEST(SharedMusic, NottinghamAndChorales) {
  if (!fs::exists(shared_data() / "nottingham_midi"))
    GTEST_SKIP() << "nottingham_midi is not there";
  const auto tunes = open_dataset(at_path(shared_data() / "nottingham_midi"));
  EXPECT_EQ(tunes->spec().shape, (std::vector<int64_t>{8, 13 * 128}));  // jigs
  EXPECT_GT(tunes->size(), 1000);
  const MusicDomain domain(tunes->spec().domain_state);
  const auto all = domain.tunes(read_batch(*tunes, {0, 100, 200}).samples);
  for (const Tune& tune : all) {
    std::set<int> pitches(tune.melody.begin(), tune.melody.end());
    EXPECT_GT(pitches.size(), 3U);
    for (const Chord& chord : tune.chords) EXPECT_TRUE(chord.any());
  }
  if (!fs::exists(shared_data() / "jsb_chorales")) GTEST_SKIP() << "jsb_chorales is not there";
  const auto chorales =
      open_dataset(at_path(shared_data() / "jsb_chorales" / "jsb-chorales-16th.json"));
  EXPECT_EQ(chorales->spec().shape, (std::vector<int64_t>{8, 17 * 128}));
  EXPECT_GT(chorales->size(), 300);
}

}  // namespace
}  // namespace ganymede::data
