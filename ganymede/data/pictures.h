// What a reader of pictures finds, before one size and one number of channels are settled.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ganymede/core/progress.h"
#include "ganymede/data/dataset.h"
#include "ganymede/media/codec.h"
#include "ganymede/media/image.h"

namespace ganymede::data {

// Random access to stored pictures. Thread-safe.
class PictureReader {
 public:
  virtual ~PictureReader() = default;
  virtual int64_t count() const = 0;
  // File, archive member or place in an array: for messages.
  virtual std::string name(int64_t index) const = 0;
  // Header only. Throws DataError or FileError.
  virtual media::ImageInfo probe(int64_t index) const = 0;
  // Throws DataError or FileError naming the picture.
  virtual media::Image decode(int64_t index, media::Channels channels) const = 0;
  // For sets whose pictures are alike and cannot be broken one by one (arrays, built-in sets):
  // their common properties, and a hash of the content. Others are looked at one by one.
  virtual std::optional<media::ImageInfo> uniform() const { return std::nullopt; }
  virtual uint64_t content_hash() const { return 0; }
  // True when decode() only copies, so that keeping decoded pictures would save nothing.
  virtual bool in_memory() const { return false; }
};

struct PictureSet {
  std::string kind;
  std::string path;
  std::shared_ptr<const PictureReader> reader;
  std::vector<int64_t> labels;  // one per picture, 0 <= label < classes; empty without labels
  int64_t classes = 0;
  std::vector<std::string> class_names;                 // empty or `classes` of them
  std::vector<std::pair<std::string, int64_t>> splits;  // counts of the splits that were seen
  std::map<std::string, int64_t> ignored;               // other files there, by extension
};

// Finds and opens pictures, or points, table rows and what else data_kinds() knows; exactly one of
// the two is set.
struct Source {
  std::optional<PictureSet> pictures;
  std::shared_ptr<Dataset> rows;
  bool sized = false;  // the rows obey data.size_px, or refuse it themselves
};
Source open_source(const DataConfig& config, Progress* progress = nullptr);

// Sets labels and classes of a set that has its reader: `classes`, or more where the labels need
// more. Throws DataError when the count differs from the number of pictures or a label is negative
// or above 65,535.
void set_labels(PictureSet& set, std::vector<int64_t> labels, int64_t classes = 0);

// Splits are "train" and "test"; every reader refuses one that the data lacks in these words.
[[noreturn]] void refuse_split(const std::string& where, const std::string& split,
                               const std::vector<std::string>& present);

}  // namespace ganymede::data
