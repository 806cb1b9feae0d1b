#include "ganymede/data/pairs/picture_store.h"

#include <algorithm>

#include "ganymede/core/error.h"
#include "ganymede/core/hash.h"
#include "ganymede/data/image_dataset.h"
#include "ganymede/media/resize.h"

namespace ganymede::data {
namespace {

PictureFacts facts_of(const media::Image& image) {
  PictureFacts facts;
  facts.width = image.width;
  facts.height = image.height;
  facts.grey = is_grey(image);
  facts.highest = *std::ranges::max_element(image.pixels);
  facts.hash = xxh3({reinterpret_cast<const char*>(image.pixels.data()), image.pixels.size()},
                    static_cast<uint64_t>(image.width));
  return facts;
}

class HalfReader final : public PictureReader {
 public:
  HalfReader(std::shared_ptr<const PictureReader> whole, bool left)
      : whole_(std::move(whole)), left_(left) {}

  int64_t count() const override { return whole_->count(); }
  std::string name(int64_t index) const override { return whole_->name(index); }
  media::ImageInfo probe(int64_t index) const override {
    media::ImageInfo info = whole_->probe(index);
    int& across = info.orientation >= 5 ? info.height : info.width;
    check(index, across);
    across /= 2;
    return info;
  }
  media::Image decode(int64_t index, media::Channels channels) const override {
    const media::Image image = whole_->decode(index, channels);
    check(index, image.width);
    const int width = image.width / 2;
    return media::crop(image, left_ ? 0 : width, 0, width, image.height);
  }

 private:
  void check(int64_t index, int width) const {
    if (width % 2 == 0) return;
    throw DataError({.where = name(index),
                     .found = std::to_string(width) + " px wide, which has no two equal halves",
                     .allowed = "two pictures of one size side by side"});
  }

  std::shared_ptr<const PictureReader> whole_;
  bool left_;
};

class ChosenReader final : public PictureReader {
 public:
  ChosenReader(std::shared_ptr<const PictureReader> whole, std::vector<int64_t> ids)
      : whole_(std::move(whole)), ids_(std::move(ids)) {}

  int64_t count() const override { return static_cast<int64_t>(ids_.size()); }
  std::string name(int64_t index) const override { return whole_->name(id(index)); }
  media::ImageInfo probe(int64_t index) const override { return whole_->probe(id(index)); }
  media::Image decode(int64_t index, media::Channels channels) const override {
    return whole_->decode(id(index), channels);
  }

 private:
  int64_t id(int64_t index) const { return ids_.at(static_cast<size_t>(index)); }

  std::shared_ptr<const PictureReader> whole_;
  std::vector<int64_t> ids_;
};

}  // namespace

std::shared_ptr<const PictureReader> chosen_reader(std::shared_ptr<const PictureReader> whole,
                                                   std::vector<int64_t> ids) {
  return std::make_shared<ChosenReader>(std::move(whole), std::move(ids));
}

std::shared_ptr<const PictureReader> half_reader(std::shared_ptr<const PictureReader> whole,
                                                 bool left) {
  return std::make_shared<HalfReader>(std::move(whole), left);
}

PictureStore::PictureStore(std::shared_ptr<const PictureReader> reader, Wishes wishes)
    : reader_(std::move(reader)),
      wishes_(std::move(wishes)),
      kept_(static_cast<size_t>(reader_->count())),
      room_bytes_(wishes_.cache_mb << 20) {}

void PictureStore::set_labels(bool labels) {
  if (labels == labels_) return;
  labels_ = labels;
  const std::lock_guard lock(mutex_);
  std::ranges::fill(kept_, nullptr);  // fitted the other way
  room_bytes_ = wishes_.cache_mb << 20;
}

media::Image PictureStore::fitted(media::Image image) const {
  if (!labels_) return fit_picture(std::move(image), wishes_.size_px, wishes_.crop);
  if (wishes_.size_px == 0) return image;
  if (wishes_.crop == "center") image = media::center_crop_square(image);
  const int side = static_cast<int>(wishes_.size_px);
  return media::resize_nearest(image, side, side);
}

std::shared_ptr<const media::Image> PictureStore::at(int64_t id) const {
  {
    const std::lock_guard lock(mutex_);
    if (kept_.at(static_cast<size_t>(id))) return kept_[static_cast<size_t>(id)];
  }
  PictureFacts facts;
  return look(id, facts);
}

std::shared_ptr<const media::Image> PictureStore::look(int64_t id, PictureFacts& facts) const {
  media::Image image = reader_->decode(id, media::Channels::kAsStored);
  const bool colored = image.channels >= 3;
  image = media::convert_channels(std::move(image),
                                  colored ? media::Channels::kRgb : media::Channels::kGrey);
  facts = facts_of(image);
  auto shared = std::make_shared<const media::Image>(fitted(std::move(image)));
  const auto bytes = static_cast<int64_t>(shared->pixels.size());
  const std::lock_guard lock(mutex_);
  if (!kept_[static_cast<size_t>(id)] && bytes <= room_bytes_) {
    kept_[static_cast<size_t>(id)] = shared;
    room_bytes_ -= bytes;
  }
  return shared;
}

}  // namespace ganymede::data
