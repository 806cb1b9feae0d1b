// Pairs made from any pictures: a clean one, and what damage leaves of it (degrade.h).
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ganymede/data/dataset.h"
#include "ganymede/data/degrade.h"
#include "ganymede/data/pictures.h"

namespace ganymede::data {

// A sample is a square part of config.patch_px of a clean picture, in training a random one whose
// corner is a multiple of the scale; with patch_px 0 the whole picture, cut to multiples of the
// scale (all of one size then). It is given the damaged form, smaller by the scale.
class DegradedData final : public Dataset {
 public:
  // Decodes every picture, so that broken files and pictures smaller than a patch are known before
  // training and not hours later: broken() lists both; what fits config.cache_mb is kept. Throws
  // UsageError for a patch that is no multiple of the scale and for steps that cannot be read;
  // DataError: sizes that differ without patch_px or size_px, a broken file when config.strict, no
  // picture that is left.
  DegradedData(PictureSet set, const DataConfig& config, Progress* progress);

  const SampleSpec& spec() const override { return spec_; }
  int64_t size() const override { return static_cast<int64_t>(ids_.size()); }
  // The part in the middle.
  void read(int64_t index, float* out) const override;
  // Draws the corner (x, then y), then the damage.
  void read_pair(int64_t index, Stream& random, float* sample, float* given) const override;
  int64_t label(int64_t) const override { return -1; }
  std::string kind() const override { return "degraded pictures (" + set_.kind + ")"; }
  std::string name(int64_t index) const override;
  std::vector<BrokenFile> broken() const override { return broken_; }
  std::string fingerprint() const override;

  const Degradation& degradation() const { return degradation_; }
  // The whole clean picture, 1 or 3 channels, whatever its size.
  media::Image picture(int64_t index) const;

 private:
  void settle_channels(const std::vector<media::ImageInfo>& infos);
  std::vector<media::ImageInfo> probe_all(std::vector<std::string>& problems) const;
  void decode_all(std::vector<std::string>& problems, Progress* progress);
  void drop_broken(const std::vector<std::string>& problems);
  void settle_shape();
  void check_one_size() const;
  media::Image decoded(int64_t id) const;

  PictureSet set_;
  DataConfig config_;
  Degradation degradation_;
  SampleSpec spec_;
  media::Channels channels_ = media::Channels::kRgb;
  std::vector<int64_t> ids_;  // sample -> number in the reader
  std::vector<BrokenFile> broken_;
  std::vector<media::Image> kept_;  // by number in the reader; empty: not kept
  std::vector<std::pair<int, int>> sizes_;
  std::vector<uint64_t> hashes_;
};

// Whether data.form asks for it; how it is opened (kinds.h).
bool is_degraded(const std::filesystem::path& path, const DataConfig& config);
std::shared_ptr<Dataset> open_degraded(const std::filesystem::path& path, const DataConfig& config,
                                       Progress* progress);

}  // namespace ganymede::data
