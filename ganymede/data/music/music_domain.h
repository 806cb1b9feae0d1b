// Tunes with chords, seen as piano rolls, heard as MIDI or sound; and chords, as what they are made
// from.
#pragma once

#include "ganymede/data/domain.h"
#include "ganymede/data/music/layout.h"

namespace ganymede::data {

// Samples: layout.h.
class MusicDomain final : public Domain {
 public:
  explicit MusicDomain(const std::string& state) : state_(MusicState::from_json(state)) {}

  // Throws UsageError for a tensor that is no batch of such samples.
  std::vector<Tune> tunes(const at::Tensor& samples) const;

  std::string name() const override { return "music"; }
  int64_t preview_count(const SampleSpec&) const override { return 8; }
  media::Image preview(const at::Tensor& samples, const at::Tensor& reals,
                       const PreviewOptions& options) const override;
  std::vector<media::Image> pictures(const at::Tensor&) const override { return {}; }
  // The chords of each tune: "G Em C D".
  std::vector<std::string> captions(const at::Tensor& samples) const override;
  DataConfig fitting(DataConfig config, const SampleSpec& spec) const override;
  // .mid and .wav: one tune to the path itself, several to "<stem>-<name>"; a picture; .npz with
  // "x", the samples; a folder: a .mid and a .wav for each tune and a picture of all.
  std::vector<std::filesystem::path> write(const at::Tensor& samples,
                                           const std::vector<std::string>& names,
                                           const std::filesystem::path& path,
                                           const PreviewOptions& options) const override;

 private:
  MusicState state_;
};

// float32 [bars, 13].
class ChordDomain final : public Domain {
 public:
  std::string name() const override { return "chords"; }
  int64_t preview_count(const SampleSpec&) const override { return 16; }
  media::Image preview(const at::Tensor& samples, const at::Tensor& reals,
                       const PreviewOptions& options) const override;
  std::vector<media::Image> pictures(const at::Tensor&) const override { return {}; }
  std::vector<std::string> captions(const at::Tensor& samples) const override;
  // "C Am F G": one chord for each bar, repeated where the tune has more bars.
  at::Tensor parse(const std::string& text, const SampleSpec& spec) const override;
  // .txt: a line of chords for each sample.
  std::vector<std::filesystem::path> write(const at::Tensor& samples,
                                           const std::vector<std::string>& names,
                                           const std::filesystem::path& path,
                                           const PreviewOptions& options) const override;
};

}  // namespace ganymede::data
