// Pairs of pictures: a sample and the picture that it is made from.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ganymede/data/dataset.h"
#include "ganymede/data/pairs/picture_store.h"

namespace ganymede::data {

// Two sides before sizes and channels are settled. Sample i of `paired` sides is picture i of both;
// where they are not, a partner is drawn. Without side A the sample itself is the picture to be
// colorized: what is given is its lightness.
struct PairSource {
  std::string kind;  // "pairs side by side", "pairs in two folders", ...
  std::string path;
  std::shared_ptr<const PictureReader> a, b;
  bool paired = true;
  bool labels = false;  // side A holds class ids (else they are recognised by their values)
  std::vector<BrokenFile> problems;
  std::vector<std::pair<std::string, int64_t>> splits;
  std::map<std::string, int64_t> ignored;
};

class PairDataset final : public Dataset {
 public:
  // Looks at every picture of both sides, so that broken ones, and pairs whose pictures differ in
  // size, are known by name (broken()). Throws DataError: for the first of them when
  // config.strict, for pictures of several sizes without config.size_px and config.patch_px, when
  // nothing is left; UsageError when a patch is larger than config.size_px.
  PairDataset(PairSource source, const DataConfig& config, Progress* progress);

  // Pictures are resized to config.size_px, then a part of config.patch_px is taken at random, the
  // same of both pictures of a pair; the two of unpaired sides are drawn each by itself.
  // Samples [1 or 3, height, width]: grey when every picture of both sides is (or as
  // config.channels says); the given picture alike, [1, height, width] where it is a lightness.
  const SampleSpec& spec() const override { return spec_; }
  int64_t size() const override { return static_cast<int64_t>(made_ids_.size()); }
  // The sample of read_pair with Stream(0, "given", index).
  void read(int64_t index, float* out) const override;
  void read_pair(int64_t index, Stream& random, float* sample, float* given) const override;
  int64_t label(int64_t) const override { return -1; }
  std::string kind() const override { return source_.kind; }
  std::string name(int64_t index) const override;
  std::vector<BrokenFile> broken() const override { return broken_; }
  std::string fingerprint() const override;

  const PairSource& source() const { return source_; }
  const PictureStore& made() const { return *made_; }
  int64_t givers() const { return static_cast<int64_t>(given_ids_.size()); }
  // Sizes of readable samples as stored, with counts, the most frequent first.
  const std::vector<std::pair<std::pair<int, int>, int64_t>>& sizes() const { return sizes_; }
  bool mixed_sizes() const { return sizes_.size() > 1; }

 private:
  struct Side;  // what looking at one side found
  bool colorizes() const { return given_ == nullptr; }
  void look_at_all(std::vector<Side>& sides, Progress* progress) const;
  void check(std::vector<Side>& sides) const;
  void keep(std::vector<Side>& sides);
  void settle_size(const std::vector<Side>& sides);
  void settle_spec(const std::vector<Side>& sides);
  void write_part(const media::Image& image, int left, int top, const SampleSpec& spec,
                  float* out) const;

  PairSource source_;
  DataConfig config_;
  SampleSpec spec_;
  std::unique_ptr<PictureStore> made_;
  std::unique_ptr<PictureStore> given_;        // null where the sample is colorized
  std::vector<int64_t> given_ids_, made_ids_;  // usable pictures; alike for pairs
  std::vector<BrokenFile> broken_;
  std::vector<std::pair<std::pair<int, int>, int64_t>> sizes_;
  int width_ = 0;
  int height_ = 0;
  uint64_t content_hash_ = 0;
};

}  // namespace ganymede::data
