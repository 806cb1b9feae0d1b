// Folders of MIDI files, single ones, and chorales as JSON, as tunes of a few bars with chords.
#pragma once

#include <filesystem>
#include <memory>

#include "ganymede/core/progress.h"
#include "ganymede/data/dataset.h"
#include "ganymede/data/music/layout.h"

namespace ganymede::data {

// Every run of eight bars that begins at a multiple of four bars of a tune.
class MusicDataset final : public Dataset {
 public:
  MusicDataset(std::vector<Tune> tunes, const MusicState& state, std::vector<BrokenFile> broken,
               std::string kind, int64_t limit);

  const std::vector<Tune>& tunes() const { return tunes_; }

  const SampleSpec& spec() const override { return spec_; }
  int64_t size() const override { return static_cast<int64_t>(places_.size()); }
  void read(int64_t index, float* out) const override;
  // In one of the twelve keys.
  void read_pair(int64_t index, Stream& random, float* sample, float* given) const override;
  int64_t label(int64_t) const override { return -1; }
  std::string kind() const override { return kind_; }
  std::string name(int64_t index) const override;
  std::vector<BrokenFile> broken() const override { return broken_; }
  std::string fingerprint() const override;

 private:
  struct Place {
    size_t tune;
    int64_t first;  // bar
  };
  std::vector<Tune> tunes_;
  std::vector<Place> places_;
  std::vector<BrokenFile> broken_;
  std::string kind_;
  SampleSpec spec_;
};

// A MIDI file, a folder that holds some (directly, else anywhere below), or a JSON file of
// chorales.
bool is_music(const std::filesystem::path& path, const DataConfig& config);

// By config: split (every tenth file is the test split; chorales bring their own), limit, strict,
// domain_state. The meter is that of most bars; files without eight of them together are left out
// and named (broken()). Throws DataError where no tune is long enough; says which meter it took to
// `progress`.
std::shared_ptr<Dataset> open_music(const std::filesystem::path& path, const DataConfig& config,
                                    Progress* progress);

}  // namespace ganymede::data
