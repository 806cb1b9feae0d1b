// Pictures of one size and one number of channels, from any reader.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "ganymede/data/byte_cache.h"
#include "ganymede/data/dataset.h"
#include "ganymede/data/pictures.h"

namespace ganymede::data {

// Whether every pixel's colours are equal; true of pictures without colours.
bool is_grey(const media::Image& image);

class ImageDataset final : public Dataset {
 public:
  // Looks at every picture that is a file of its own: headers first, for sizes and channels, then a
  // full decoding, so that broken files are known before training and not hours later; what fits
  // the cache is kept. Throws DataError: sizes that differ without config.size_px, a broken file
  // when config.strict, no readable picture at all.
  ImageDataset(PictureSet set, const DataConfig& config, Progress* progress);

  const SampleSpec& spec() const override { return spec_; }
  int64_t size() const override { return static_cast<int64_t>(ids_.size()); }
  void read(int64_t index, float* out) const override;
  int64_t label(int64_t index) const override;
  std::string kind() const override { return set_.kind; }
  std::string name(int64_t index) const override;
  std::vector<std::string> class_names() const override { return set_.class_names; }
  std::vector<BrokenFile> broken() const override { return broken_; }
  std::string fingerprint() const override;

  // The sample as a picture of spec(), 1 or 3 channels.
  media::Image picture(int64_t index) const;

 private:
  struct Scan;
  void settle_uniform(const media::ImageInfo& info);
  void scan(Progress* progress);
  void probe_all(Scan& scan);
  void drop_broken(Scan& scan);
  void settle_size(const Scan& scan);
  void settle_channels(const Scan& scan);
  bool decode_all(Scan& scan);
  media::Image prepared(int64_t id) const;
  void set_shape(int height, int width);
  void read_bytes(int64_t id, uint8_t* planes) const;

  PictureSet set_;
  DataConfig config_;
  SampleSpec spec_;
  media::Channels channels_ = media::Channels::kRgb;
  int width_ = 0;
  int height_ = 0;
  std::vector<int64_t> ids_;  // sample -> number in the reader
  std::vector<BrokenFile> broken_;
  uint64_t content_hash_ = 0;
  ByteCache cache_;  // planar bytes by number in the reader
};

// `image` as a sample: cropped to its centred square when `crop` is "center", then resized
// (Lanczos) to size_px x size_px; unchanged for size_px 0.
media::Image fit_picture(media::Image image, int64_t size_px, const std::string& crop);

}  // namespace ganymede::data
