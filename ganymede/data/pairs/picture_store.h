// Pictures of one side of pairs: decoded, fitted, and kept while there is room.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "ganymede/data/pictures.h"
#include "ganymede/media/image.h"
#include "ganymede/media/meaning.h"

namespace ganymede::data {

// What a decoded picture tells about itself.
struct PictureFacts {
  int width = 0;  // upright, before fitting
  int height = 0;
  bool grey = true;
  int highest = 0;  // value of any channel
  uint64_t hash = 0;
};

class PictureStore {
 public:
  struct Wishes {
    int64_t size_px = 0;  // 0: as stored
    std::string crop = "center";
    int64_t cache_mb = 1024;
  };

  PictureStore(std::shared_ptr<const PictureReader> reader, Wishes wishes);

  int64_t count() const { return reader_->count(); }
  std::string name(int64_t id) const { return reader_->name(id); }
  // Whether the pictures hold class ids: they are then resized without mixing and coloured.
  void set_labels(bool labels);
  bool labels() const { return labels_; }

  // The picture as 1 or 3 channels, over white where it is transparent, fitted (fit_picture).
  // Thread-safe. Throws DataError or FileError naming the file.
  std::shared_ptr<const media::Image> at(int64_t id) const;
  // The same, and what it was before.
  std::shared_ptr<const media::Image> look(int64_t id, PictureFacts& facts) const;

 private:
  media::Image fitted(media::Image image) const;

  std::shared_ptr<const PictureReader> reader_;
  Wishes wishes_;
  bool labels_ = false;
  mutable std::mutex mutex_;  // of what follows
  mutable std::vector<std::shared_ptr<const media::Image>> kept_;
  mutable int64_t room_bytes_ = 0;
};

// The pictures `ids` of another reader, in this order.
std::shared_ptr<const PictureReader> chosen_reader(std::shared_ptr<const PictureReader> whole,
                                                   std::vector<int64_t> ids);

// One half of every picture of another reader, which is as wide as two: the left one is A.
std::shared_ptr<const PictureReader> half_reader(std::shared_ptr<const PictureReader> whole,
                                                 bool left);

}  // namespace ganymede::data
