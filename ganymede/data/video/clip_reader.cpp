#include "ganymede/data/video/clip_reader.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <utility>

#include "ganymede/core/error.h"
#include "ganymede/core/files.h"
#include "ganymede/data/array_labels.h"
#include "ganymede/data/file_data.h"
#include "ganymede/data/folder_labels.h"
#include "ganymede/data/pictures.h"
#include "ganymede/data/video/frames.h"
#include "ganymede/media/gif.h"
#include "ganymede/media/npy.h"
#include "ganymede/media/webp.h"

namespace ganymede::data {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMostFrames = 4096;
constexpr size_t kMostFileBytes = size_t{1} << 30;

class StripReader final : public ClipReader {
 public:
  explicit StripReader(PictureSet set) : set_(std::move(set)) {}

  std::string kind() const override { return "strips of frames"; }
  int64_t count() const override { return set_.reader->count(); }
  std::string name(int64_t clip) const override { return set_.reader->name(clip); }
  int64_t length(int64_t clip) const override {
    const media::ImageInfo info = set_.reader->probe(clip);
    return frames_in_strip(info.width, info.height);
  }
  std::vector<media::Image> frames(int64_t clip, media::Channels channels) const override {
    const media::Image strip = set_.reader->decode(clip, channels);
    return cut_strip(strip, 0, frames_in_strip(strip.width, strip.height), 1);
  }

 private:
  PictureSet set_;
};

class AnimationReader final : public ClipReader {
 public:
  explicit AnimationReader(PictureSet set) : set_(std::move(set)) {}

  std::string kind() const override { return "animations"; }
  int64_t count() const override { return set_.reader->count(); }
  std::string name(int64_t clip) const override { return set_.reader->name(clip); }
  int64_t length(int64_t clip) const override {
    return static_cast<int64_t>(frames(clip, media::Channels::kRgb).size());
  }
  std::vector<media::Image> frames(int64_t clip, media::Channels channels) const override {
    const std::string bytes = read_file(name(clip), kMostFileBytes);
    const auto format = media::detect_format(bytes);
    if (format != media::ImageFormat::kGif && format != media::ImageFormat::kWebp) {
      throw DataError({name(clip), "a picture that is no animation", "GIF or WebP, as the others"});
    }
    auto all = format == media::ImageFormat::kGif
                   ? media::decode_gif_frames(bytes, name(clip), {}, kMostFrames)
                   : media::decode_webp_frames(bytes, name(clip), {}, kMostFrames);
    for (media::Image& frame : all) frame = media::convert_channels(std::move(frame), channels);
    return all;
  }

 private:
  PictureSet set_;
};

// Pictures of one folder are the frames of one clip.
class FrameReader final : public ClipReader {
 public:
  FrameReader(PictureSet set, std::vector<std::pair<std::string, std::vector<int64_t>>> clips)
      : set_(std::move(set)), clips_(std::move(clips)) {}

  std::string kind() const override { return "folders of frames"; }
  int64_t count() const override { return static_cast<int64_t>(clips_.size()); }
  std::string name(int64_t clip) const override { return at(clip).first; }
  int64_t length(int64_t clip) const override {
    return static_cast<int64_t>(at(clip).second.size());
  }
  std::vector<media::Image> frames(int64_t clip, media::Channels channels) const override {
    std::vector<media::Image> all;
    for (const int64_t picture : at(clip).second) {
      all.push_back(set_.reader->decode(picture, channels));
      if (all.back().width != all[0].width || all.back().height != all[0].height) {
        throw DataError(
            {set_.reader->name(picture),
             std::to_string(all.back().width) + " x " + std::to_string(all.back().height) + " px",
             "the size of the clip's first frame"});
      }
    }
    return all;
  }

 private:
  const std::pair<std::string, std::vector<int64_t>>& at(int64_t clip) const {
    return clips_.at(static_cast<size_t>(clip));
  }

  PictureSet set_;
  std::vector<std::pair<std::string, std::vector<int64_t>>> clips_;
};

class ArrayReader final : public ClipReader {
 public:
  ArrayReader(media::NpyArray array, std::string path)
      : array_(std::move(array)), path_(std::move(path)) {}

  std::string kind() const override { return "array of clips"; }
  int64_t count() const override { return array_.shape[0]; }
  std::string name(int64_t clip) const override { return path_ + ": clip " + std::to_string(clip); }
  int64_t length(int64_t) const override { return array_.shape[1]; }
  std::vector<media::Image> frames(int64_t clip, media::Channels channels) const override {
    std::vector<media::Image> all;
    for (int64_t t = 0; t < array_.shape[1]; ++t) {
      media::Image frame =
          media::make_image(static_cast<int>(array_.shape[3]), static_cast<int>(array_.shape[2]),
                            static_cast<int>(array_.shape[4]));
      const auto offset = static_cast<size_t>(clip * array_.shape[1] + t) * frame.pixels.size();
      std::memcpy(frame.pixels.data(), array_.bytes.data() + offset, frame.pixels.size());
      all.push_back(media::convert_channels(std::move(frame), channels));
    }
    return all;
  }

 private:
  media::NpyArray array_;
  std::string path_;
};

// Path inside the folder or archive.
std::string inner_name(const PictureSet& set, int64_t picture) {
  const std::string name = set.reader->name(picture);
  return name.size() > set.path.size() ? name.substr(set.path.size() + 1) : name;
}

ClipSet by_folder(PictureSet set, const DataConfig& config) {
  std::map<std::string, std::vector<int64_t>> folders;
  for (int64_t i = 0; i < set.reader->count(); ++i) {
    folders[fs::path(inner_name(set, i)).parent_path().generic_string()].push_back(i);
  }
  std::vector<std::string> names;
  std::vector<std::pair<std::string, std::vector<int64_t>>> clips;
  for (auto& [folder, pictures] : folders) {
    std::ranges::sort(pictures, [&](int64_t a, int64_t b) {
      return natural_less(set.reader->name(a), set.reader->name(b));
    });
    names.push_back(folder);
    clips.emplace_back(set.path + "/" + folder, std::move(pictures));
  }
  ClipSet result{.path = set.path};
  // A clip's folder takes the place of a file: what lies around it are splits and classes.
  FolderLabels labels = label_by_folder(names, "all", set.path);
  if (config.labels && labels.labels.size() == names.size()) {
    result.labels = std::move(labels.labels);
    result.class_names = std::move(labels.classes);
  }
  result.reader = std::make_shared<FrameReader>(std::move(set), std::move(clips));
  return result;
}

PictureSet open_pictures(const fs::path& path, const DataConfig& config) {
  if (fs::is_directory(path)) return open_folder(path, config);
  if (path.extension() == ".zip") return open_zip(path, config);
  return open_tar(path, config);
}

bool is_animated(const PictureSet& set) {
  const media::ImageInfo info = set.reader->probe(0);
  return info.animated || info.format == media::ImageFormat::kGif;
}

ClipSet open_array(const fs::path& path, const DataConfig& config) {
  std::map<std::string, media::NpyArray> arrays;
  if (path.extension() == ".npy") {
    arrays.emplace("clips", media::read_npy(path));
  } else {
    arrays = media::read_npz(path);
  }
  const auto found = std::ranges::find_if(arrays, [](const auto& entry) {
    const auto& [name, array] = entry;
    return array.dtype == media::DType::kU8 && array.shape.size() == 5 &&
           (array.shape[4] == 1 || array.shape[4] == 3) && array.shape[0] > 0;
  });
  if (found == arrays.end()) {
    throw DataError({path.string(), "no array of clips", "uint8 [N, T, H, W, 1 or 3]"});
  }
  if (config.split == "test") refuse_split(path.string(), config.split, {});
  ClipSet result{.path = path.string()};
  if (const auto labels = arrays.find("labels"); labels != arrays.end() && config.labels) {
    result.labels = array_labels(labels->second, path.string());
    if (static_cast<int64_t>(result.labels.size()) != found->second.shape[0]) {
      throw DataError({path.string(), "another number of labels than of clips",
                       "one label for each clip", "--set data.labels=false"});
    }
  }
  result.reader = std::make_shared<ArrayReader>(std::move(found->second), path.string());
  return result;
}

}  // namespace

ClipSet open_clips(const fs::path& path, const DataConfig& config) {
  const std::string extension = path.extension().string();
  if (extension == ".npy" || extension == ".npz") return open_array(path, config);
  PictureSet set = open_pictures(path, config);
  const media::ImageInfo first = set.reader->probe(0);
  const bool strips = frames_in_strip(first.width, first.height) > 1;
  if (!strips && !is_animated(set)) return by_folder(std::move(set), config);
  ClipSet result{.path = set.path, .labels = set.labels, .class_names = set.class_names};
  if (strips) {
    result.reader = std::make_shared<StripReader>(std::move(set));
  } else {
    if (!fs::is_directory(path)) {
      throw DataError(
          {path.string(), "animations in an archive", "a folder of animations", "unpack it first"});
    }
    result.reader = std::make_shared<AnimationReader>(std::move(set));
  }
  return result;
}

}  // namespace ganymede::data
