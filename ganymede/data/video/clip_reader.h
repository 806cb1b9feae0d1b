// Where the frames of clips come from.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "ganymede/data/dataset.h"
#include "ganymede/media/image.h"

namespace ganymede::data {

// Thread-safe.
class ClipReader {
 public:
  virtual ~ClipReader() = default;
  virtual std::string kind() const = 0;
  virtual int64_t count() const = 0;
  virtual std::string name(int64_t clip) const = 0;
  // Number of its frames; may have to decode the clip. Throws DataError, FileError.
  virtual int64_t length(int64_t clip) const = 0;
  // All of its frames, RGB or grey, of one size. Throws DataError, FileError.
  virtual std::vector<media::Image> frames(int64_t clip, media::Channels channels) const = 0;
};

// What was found, with classes by folder. Labels number the clips, or are empty.
struct ClipSet {
  std::string path;
  std::shared_ptr<const ClipReader> reader = {};
  std::vector<int64_t> labels = {};
  std::vector<std::string> class_names = {};
};

// Pictures below a folder or in a .tar or .zip, by the first one: strips of square frames, as
// MoCoGAN keeps them; animations (.gif, .webp); else frames, those of one folder being a clip. Or
// an array [N, T, H, W, 1 or 3] of uint8. Throws DataError, FileError.
ClipSet open_clips(const std::filesystem::path& path, const DataConfig& config);

}  // namespace ganymede::data
