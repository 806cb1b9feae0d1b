#include "ganymede/data/music/music_data.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <map>

#include "ganymede/core/error.h"
#include "ganymede/core/files.h"
#include "ganymede/core/hash.h"
#include "ganymede/core/text.h"
#include "ganymede/data/music/chorales.h"
#include "ganymede/data/parallel.h"

namespace ganymede::data {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kPhraseBars = 4;  // windows begin at multiples of it
constexpr int64_t kTestEvery = 10;  // every so many files is of the test split
constexpr size_t kHeadBytes = 64;
constexpr size_t kJsonLimit = size_t{64} << 20;
constexpr int kLowestShift = -5;  // to +6: the twelve keys

bool is_midi_name(const fs::path& path) {
  std::string extension = path.extension().string();
  std::ranges::transform(extension, extension.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  });
  return extension == ".mid" || extension == ".midi" || extension == ".rmi";
}

// Directly in the folder; where none is there, anywhere below. Sorted.
std::vector<fs::path> midi_files(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder))
    if (is_midi_name(entry.path()) && entry.is_regular_file()) files.push_back(entry.path());
  if (files.empty()) {
    for (const auto& entry : fs::recursive_directory_iterator(folder))
      if (is_midi_name(entry.path()) && entry.is_regular_file()) files.push_back(entry.path());
  }
  std::ranges::sort(files);
  return files;
}

std::string head_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::string head(kHeadBytes, '\0');
  file.read(head.data(), static_cast<std::streamsize>(head.size()));
  head.resize(static_cast<size_t>(std::max<std::streamsize>(file.gcount(), 0)));
  return head;
}

// A piece of music before it is known which of its bars fit.
struct Piece {
  std::string name;
  media::MidiFile file;
  std::string error;  // why there is none
};

std::vector<Piece> read_pieces(const std::vector<fs::path>& files, bool strict) {
  std::vector<Piece> pieces(files.size());
  parallel_for_each(static_cast<int64_t>(files.size()), [&](int64_t i) {
    const fs::path& path = files[static_cast<size_t>(i)];
    Piece& piece = pieces[static_cast<size_t>(i)];
    piece.name = path.filename().string();
    try {
      piece.file = media::read_midi(path);
    } catch (const Error& error) {  // broken, too large or unreadable
      if (strict) throw;
      piece.error = error.what();
    }
  });
  return pieces;
}

std::vector<fs::path> of_split(const std::vector<fs::path>& files, const std::string& split) {
  if (split == "all" || static_cast<int64_t>(files.size()) < 2 * kTestEvery) {
    if (split != "test") return files;
    return {};
  }
  std::vector<fs::path> chosen;
  for (size_t i = 0; i < files.size(); ++i) {
    const bool test = static_cast<int64_t>(i) % kTestEvery == kTestEvery - 1;
    if (test == (split == "test")) chosen.push_back(files[i]);
  }
  return chosen;
}

std::vector<Piece> pieces_at(const fs::path& path, const DataConfig& config) {
  if (fs::is_directory(path))
    return read_pieces(of_split(midi_files(path), config.split), config.strict);
  if (!resembles_chorales(head_of(path)))
    return read_pieces(of_split({path}, config.split), config.strict);
  std::vector<Piece> pieces;
  for (media::MidiFile& file :
       parse_chorales(read_file(path, kJsonLimit), config.split, path.string()))
    pieces.push_back({fmt::format("chorale {}", pieces.size() + 1), std::move(file), ""});
  return pieces;
}

std::vector<MeterCount> all_meters(const std::vector<Piece>& pieces) {
  std::vector<MeterCount> sums;
  for (const Piece& piece : pieces) {
    for (const MeterCount& count : meters_of(piece.file)) {
      const auto found =
          std::ranges::find_if(sums, [&](const MeterCount& s) { return s.meter == count.meter; });
      if (found == sums.end())
        sums.push_back(count);
      else
        found->bars += count.bars;
    }
  }
  std::ranges::stable_sort(sums, std::greater(), &MeterCount::bars);
  return sums;
}

std::string text_of(const std::vector<MeterCount>& meters) {
  std::vector<std::string> parts;
  for (const MeterCount& count : meters)
    parts.push_back(fmt::format("{} bars of {}", count.bars, count.meter.text()));
  return parts.empty() ? "no notes" : join(parts);
}

// That of most bars.
Meter meter_of(const std::vector<MeterCount>& meters, const fs::path& path) {
  for (const MeterCount& count : meters)
    if (parse_meter(count.meter.text())) return count.meter;
  throw DataError({path.string(), text_of(meters), "MIDI files with notes"});
}

int64_t usual_tempo(const std::vector<Tune>& tunes) {
  std::map<int64_t, int64_t> bars;
  for (const Tune& tune : tunes) bars[tune.quarter_us] += tune.bars();
  const auto most = std::ranges::max_element(
      bars, [](const auto& a, const auto& b) { return a.second < b.second; });
  return most == bars.end() ? Tune{}.quarter_us : most->first;
}

}  // namespace

MusicDataset::MusicDataset(std::vector<Tune> tunes, const MusicState& state,
                           std::vector<BrokenFile> broken, std::string kind, int64_t limit)
    : tunes_(std::move(tunes)),
      broken_(std::move(broken)),
      kind_(std::move(kind)),
      spec_(music_spec(state)) {
  for (size_t t = 0; t < tunes_.size(); ++t)
    for (int64_t first = 0; first + state.bars <= tunes_[t].bars(); first += kPhraseBars)
      if (limit == 0 || size() < limit) places_.push_back({t, first});
}

void MusicDataset::read(int64_t index, float* out) const {
  const Place& place = places_.at(static_cast<size_t>(index));
  put_bars(tunes_[place.tune], place.first, spec_.shape[0], out);
}

void MusicDataset::read_pair(int64_t index, Stream& random, float* sample, float* given) const {
  const Place& place = places_.at(static_cast<size_t>(index));
  const Tune tune =
      transposed(tunes_[place.tune], kLowestShift + static_cast<int>(random.below(kPitchClasses)));
  put_bars(tune, place.first, spec_.shape[0], sample);
  put_chords(tune, place.first, spec_.shape[0], given);
}

std::string MusicDataset::name(int64_t index) const {
  const Place& place = places_.at(static_cast<size_t>(index));
  return fmt::format("{}, bar {}", tunes_[place.tune].name, place.first + 1);
}

std::string MusicDataset::fingerprint() const {
  uint64_t hash = xxh3(spec_.domain_state, static_cast<uint64_t>(size()));
  for (const Tune& tune : tunes_) {
    const auto& melody = tune.melody;
    hash = xxh3({reinterpret_cast<const char*>(melody.data()), melody.size() * sizeof(int)}, hash);
    for (const Chord& chord : tune.chords) hash = xxh3(chord_name(chord), hash);
  }
  return fmt::format("{:016x}", hash);
}

bool is_music(const fs::path& path, const DataConfig&) {
  if (fs::is_directory(path)) return !midi_files(path).empty();
  const std::string head = head_of(path);
  return media::is_midi(head) || resembles_chorales(head);
}

std::shared_ptr<Dataset> open_music(const fs::path& path, const DataConfig& config,
                                    Progress* progress) {
  const std::vector<Piece> pieces = pieces_at(path, config);
  const auto meters = all_meters(pieces);
  MusicState state;
  if (config.domain_state.empty())
    state.meter = meter_of(meters, path);
  else
    state = MusicState::from_json(config.domain_state);
  std::vector<Tune> tunes;
  std::vector<BrokenFile> broken;
  for (const Piece& piece : pieces) {
    if (!piece.error.empty()) {
      broken.push_back({piece.name, piece.error});
      continue;
    }
    auto found = tunes_of(piece.file, state.meter, piece.name);
    std::erase_if(found, [&](const Tune& tune) { return tune.bars() < state.bars; });
    if (found.empty()) {
      broken.push_back(
          {piece.name, fmt::format("{}, no {} of {} together", text_of(meters_of(piece.file)),
                                   state.bars, state.meter.text())});
    }
    std::ranges::move(found, std::back_inserter(tunes));
  }
  if (tunes.empty()) {
    throw DataError(
        {path.string(), text_of(meters),
         fmt::format("{} bars of {} together in a file", state.bars, state.meter.text())});
  }
  if (config.domain_state.empty()) {
    state.quarter_us = usual_tempo(tunes);
    if (progress != nullptr) {
      progress->event(
          "music",
          {{"path", path.string()}, {"meter", state.meter.text()}, {"found", text_of(meters)}});
    }
  }
  return std::make_shared<MusicDataset>(std::move(tunes), state, std::move(broken), "music",
                                        config.limit);
}

}  // namespace ganymede::data
