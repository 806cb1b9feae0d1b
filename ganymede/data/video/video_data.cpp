#include "ganymede/data/video/video_data.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <mutex>
#include <optional>

#include "ganymede/core/error.h"
#include "ganymede/core/files.h"
#include "ganymede/core/hash.h"
#include "ganymede/data/image_dataset.h"
#include "ganymede/data/parallel.h"
#include "ganymede/data/picture_file.h"
#include "ganymede/data/video/clip_reader.h"
#include "ganymede/data/video/frames.h"
#include "ganymede/media/npy.h"
#include "ganymede/media/tar.h"

namespace ganymede::data {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kSureStrip = 8;  // squares in a picture that can hardly be anything else
constexpr size_t kMostPictureBytes = size_t{1} << 28;

class VideoDataset final : public Dataset {
 public:
  VideoDataset(ClipSet set, const DataConfig& config, Progress* progress)
      : set_(std::move(set)),
        config_(config),
        channels_(config.channels == "grey" ? media::Channels::kGrey : media::Channels::kRgb) {
    measure(progress);
    spec_.domain = "video";
    const int64_t side = find_side();
    spec_.shape = {channels_ == media::Channels::kGrey ? 1 : 3, config_.frames, side, side};
    if (set_.labels.empty()) return;
    const int64_t classes = static_cast<int64_t>(set_.class_names.size());
    spec_.classes = std::max(classes, *std::ranges::max_element(set_.labels) + 1);
  }

  const SampleSpec& spec() const override { return spec_; }
  int64_t size() const override { return static_cast<int64_t>(clips_.size()); }
  std::string kind() const override { return set_.reader->kind(); }
  std::string name(int64_t index) const override { return set_.reader->name(clip_at(index)); }
  std::vector<std::string> class_names() const override { return set_.class_names; }
  std::vector<BrokenFile> broken() const override { return broken_; }
  int64_t label(int64_t index) const override {
    return set_.labels.empty() ? -1 : set_.labels.at(static_cast<size_t>(clip_at(index)));
  }

  void read(int64_t index, float* out) const override {
    Stream random(0, "clip", static_cast<uint64_t>(index));
    read_pair(index, random, out, nullptr);
  }

  void read_pair(int64_t index, Stream& random, float* out, float*) const override {
    const auto bytes = bytes_of(index);
    const int64_t starts = lengths_.at(static_cast<size_t>(index)) - span() + 1;
    const auto first = static_cast<int64_t>(random.below(static_cast<uint64_t>(starts)));
    const int64_t channels = spec_.shape[0], plane = spec_.shape[2] * spec_.shape[3];
    for (int64_t c = 0; c < channels; ++c) {
      for (int64_t t = 0; t < config_.frames; ++t) {
        const uint8_t* frame =
            bytes->data() + (first + t * config_.frame_stride) * plane * channels;
        for (int64_t i = 0; i < plane; ++i) {
          *out++ = static_cast<float>(frame[i * channels + c]) / 127.5F - 1.0F;
        }
      }
    }
  }

  std::string fingerprint() const override {
    std::string text = fmt::format("{} {} {} {}", set_.reader->kind(), fmt::join(spec_.shape, "x"),
                                   config_.frame_stride, fmt::join(set_.labels, ","));
    for (const int64_t clip : clips_) text += set_.reader->name(clip).substr(set_.path.size());
    const auto first = bytes_of(0);
    return fmt::format("{:016x}",
                       xxh3(text + fmt::format("{}", fmt::join(lengths_, " ")),
                            xxh3({reinterpret_cast<const char*>(first->data()), first->size()})));
  }

 private:
  using Bytes = std::shared_ptr<const std::vector<uint8_t>>;

  int64_t clip_at(int64_t index) const { return clips_.at(static_cast<size_t>(index)); }
  // Frames that a sample reaches over.
  int64_t span() const { return (config_.frames - 1) * config_.frame_stride + 1; }

  // Finds the clips that are long enough.
  void measure(Progress* progress) {
    const int64_t all = set_.reader->count();
    const int64_t count = config_.limit > 0 ? std::min(all, config_.limit) : all;
    std::vector<int64_t> lengths(static_cast<size_t>(count), 0);
    std::vector<std::string> reasons(static_cast<size_t>(count));
    parallel_for_each(count, [&](int64_t clip) {
      const auto i = static_cast<size_t>(clip);
      try {
        lengths[i] = set_.reader->length(clip);
        if (lengths[i] >= span()) return;
        throw DataError({set_.reader->name(clip), fmt::format("{} frames", lengths[i]),
                         fmt::format("{} or more", span()),
                         "a smaller data.frames or data.frame_stride"});
      } catch (const DataError& error) {
        if (config_.strict) throw;
        reasons[i] = error.parts().found;
      }
    });
    for (int64_t clip = 0; clip < count; ++clip) {
      const auto i = static_cast<size_t>(clip);
      if (reasons[i].empty()) {
        clips_.push_back(clip);
        lengths_.push_back(lengths[i]);
      } else {
        broken_.push_back({set_.reader->name(clip), reasons[i]});
      }
    }
    if (clips_.empty()) {
      throw DataError({set_.path,
                       fmt::format("{} clips, none of which can be used; the first: {}", count,
                                   broken_.empty() ? "none" : broken_[0].reason),
                       fmt::format("clips of {} frames", span()),
                       "--set data.frames=16 --set data.frame_stride=1"});
    }
    cached_.resize(clips_.size());
    if (progress != nullptr) {
      progress->update({static_cast<double>(count), static_cast<double>(count), {}});
    }
  }

  int64_t find_side() const {
    if (config_.size_px > 0) return config_.size_px;
    const media::Image first = set_.reader->frames(clips_[0], channels_).front();
    if (first.width == first.height) return first.width;
    throw DataError({set_.reader->name(clips_[0]),
                     fmt::format("frames of {} x {} px", first.width, first.height),
                     "square frames, or a size", "--set data.size_px=32"});
  }

  // All frames of a clip, interleaved; kept while there is room.
  Bytes bytes_of(int64_t index) const {
    const auto at = static_cast<size_t>(index);
    {
      const std::lock_guard lock(mutex_);
      if (cached_[at]) return cached_[at];
    }
    auto bytes = std::make_shared<std::vector<uint8_t>>();
    for (media::Image& frame : set_.reader->frames(clip_at(index), channels_)) {
      frame = fit_picture(std::move(frame), spec_.shape[2], config_.crop);
      if (frame.width != spec_.shape[3] || frame.height != spec_.shape[2]) {
        throw DataError({name(index),
                         fmt::format("frames of {} x {} px", frame.width, frame.height),
                         fmt::format("{} px, as in the first clip", spec_.shape[2]),
                         "--set data.size_px=" + std::to_string(spec_.shape[2])});
      }
      bytes->insert(bytes->end(), frame.pixels.begin(), frame.pixels.end());
    }
    const std::lock_guard lock(mutex_);
    const auto size = static_cast<int64_t>(bytes->size());
    if (!cached_[at] && cached_bytes_ + size <= config_.cache_mb * (int64_t{1} << 20)) {
      cached_[at] = bytes;
      cached_bytes_ += size;
    }
    return bytes;
  }

  ClipSet set_;
  DataConfig config_;
  media::Channels channels_;
  SampleSpec spec_;
  std::vector<int64_t> clips_;  // of the reader, those that can be used
  std::vector<int64_t> lengths_;
  std::vector<BrokenFile> broken_;
  mutable std::mutex mutex_;
  mutable std::vector<Bytes> cached_;
  mutable int64_t cached_bytes_ = 0;
};

bool is_strip(const std::string& bytes, const DataConfig& config) {
  const media::ImageInfo info = probe_picture(bytes, "first picture");
  const int64_t longer = std::max(info.width, info.height);
  const int64_t shorter = std::min(info.width, info.height);
  const int64_t span = (config.frames - 1) * config.frame_stride + 1;
  return shorter > 0 && longer % shorter == 0 && longer / shorter >= std::max(kSureStrip, span);
}

// The first picture's bytes; nothing where there is none near.
std::optional<std::string> first_picture(const fs::path& path) {
  if (fs::is_directory(path)) {
    for (const auto& entry :
         fs::recursive_directory_iterator(path, fs::directory_options::follow_directory_symlink)) {
      if (entry.is_regular_file() && is_picture_name(entry.path())) {
        return read_file(entry.path(), kMostPictureBytes);
      }
    }
    return std::nullopt;
  }
  if (path.extension() != ".tar") return std::nullopt;
  const media::TarReader tar(path);
  for (const auto& member : tar.members()) {
    if (is_picture_name(member.name)) return tar.read(member.name);
  }
  return std::nullopt;
}

bool is_clips(const media::NpyInfo& array) {
  return array.dtype == media::DType::kU8 && array.shape.size() == 5 && array.shape[4] == 3;
}

}  // namespace

bool video_fits(const fs::path& path, const DataConfig& config) {
  if (path.extension() == ".npz" || path.extension() == ".npy") {
    const auto arrays = media::probe_arrays(path);
    return std::ranges::any_of(arrays, [](const auto& entry) { return is_clips(entry.second); });
  }
  try {
    const auto first = first_picture(path);
    return first && is_strip(*first, config);
  } catch (const Error&) {
    return false;  // damaged: whoever reads it says so
  }
}

std::shared_ptr<Dataset> open_video(const fs::path& path, const DataConfig& config,
                                    Progress* progress) {
  return std::make_shared<VideoDataset>(open_clips(path, config), config, progress);
}

}  // namespace ganymede::data
