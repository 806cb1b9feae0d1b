#include "ganymede/data/image_dataset.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <map>
#include <mutex>
#include <optional>
#include <tuple>

#include "ganymede/core/error.h"
#include "ganymede/core/hash.h"
#include "ganymede/core/text.h"
#include "ganymede/data/holdout.h"
#include "ganymede/data/of_classes.h"
#include "ganymede/data/parallel.h"
#include "ganymede/media/resize.h"

namespace ganymede::data {

bool is_grey(const media::Image& image) {
  if (image.channels < 3) return true;
  for (size_t i = 0; i + 2 < image.pixels.size(); i += static_cast<size_t>(image.channels))
    if (image.pixels[i] != image.pixels[i + 1] || image.pixels[i] != image.pixels[i + 2])
      return false;
  return true;
}

namespace {

constexpr int64_t kColorSample = 64;  // pictures decoded to guess whether RGB files are grey
constexpr int64_t kReportEvery = 64;

void to_planes(const media::Image& image, uint8_t* planes) {
  const size_t pixels = static_cast<size_t>(image.width) * static_cast<size_t>(image.height);
  const uint8_t* in = image.pixels.data();
  if (image.channels == 1) {
    std::copy(in, in + pixels, planes);
    return;
  }
  for (size_t i = 0; i < pixels; ++i)
    for (size_t c = 0; c < 3; ++c) planes[c * pixels + i] = in[3 * i + c];
}

// Exact for the three values that matter: 0 -> -1, 255 -> 1, and never outside.
const std::array<float, 256>& float_of_byte() {
  static const std::array<float, 256> table = [] {
    std::array<float, 256> values{};
    for (int i = 0; i < 256; ++i) values[i] = static_cast<float>(i) / 127.5F - 1.0F;
    return values;
  }();
  return table;
}

// "[64, 64] 120 times, [48, 64] 3 times".
std::string sizes_text(const std::map<std::pair<int, int>, int64_t>& sizes) {
  std::vector<std::pair<int64_t, std::pair<int, int>>> sorted;
  for (const auto& [size, count] : sizes) sorted.emplace_back(count, size);
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<std::string> parts;
  for (const auto& [count, size] : sorted) {
    if (parts.size() == 4) {
      parts.push_back(fmt::format("{} more", sorted.size() - 4));
      break;
    }
    parts.push_back(fmt::format("{} x {} ({})", size.first, size.second, format_count(count)));
  }
  return join(parts);
}

}  // namespace

media::Image fit_picture(media::Image image, int64_t size_px, const std::string& crop) {
  if (size_px == 0) return image;
  if (crop == "center" && image.width != image.height) image = media::center_crop_square(image);
  const int side = static_cast<int>(size_px);
  if (image.width == side && image.height == side) return image;
  return media::resize(image, side, side);
}

// State of looking at every picture.
struct ImageDataset::Scan {
  std::vector<media::ImageInfo> infos;
  std::vector<std::optional<std::string>> problems;
  std::vector<uint64_t> hashes;
  Progress* progress = nullptr;
  std::atomic<int64_t> done{0};

  explicit Scan(int64_t count) : infos(count), problems(count), hashes(count) {}

  void step() {
    const int64_t now = ++done;
    if (!progress || now % kReportEvery != 0) return;
    const auto total = static_cast<double>(2 * infos.size());  // each is looked at twice
    progress->update({std::min(static_cast<double>(now), total), total, {}});
  }

  // Runs `look`, noting why a picture cannot be used. A strict scan passes the error on.
  void attempt(int64_t id, bool strict, const std::function<void()>& look) {
    try {
      look();
    } catch (const Error& error) {
      if (strict) throw;
      problems[id] = error.parts().found;
    }
    step();
  }
};

ImageDataset::ImageDataset(PictureSet set, const DataConfig& config, Progress* progress)
    : set_(std::move(set)), config_(config) {
  int64_t count = set_.reader->count();
  if (config.limit > 0) count = std::min(count, config.limit);
  for (int64_t id = 0; id < count; ++id) ids_.push_back(id);
  spec_.domain = "image";
  spec_.classes = set_.labels.empty() ? 0 : set_.classes;
  if (const auto info = set_.reader->uniform())
    settle_uniform(*info);
  else
    scan(progress);
}

void ImageDataset::set_shape(int height, int width) {
  height_ = height;
  width_ = width;
  const int64_t planes = channels_ == media::Channels::kGrey ? 1 : 3;
  spec_.shape = {planes, height, width};
  const bool changes =
      config_.size_px != 0 && !(set_.reader->uniform() && set_.reader->uniform()->width == width &&
                                set_.reader->uniform()->height == height);
  const int64_t budget = set_.reader->in_memory() && !changes ? 0 : config_.cache_mb << 20;
  cache_ = ByteCache(static_cast<int64_t>(ids_.size()), spec_.elements(), budget);
}

void ImageDataset::settle_uniform(const media::ImageInfo& info) {
  const bool grey = config_.channels == "grey" || (config_.channels == "auto" && info.channels < 3);
  channels_ = grey ? media::Channels::kGrey : media::Channels::kRgb;
  const int side = static_cast<int>(config_.size_px);
  set_shape(side ? side : info.height, side ? side : info.width);
  content_hash_ = set_.reader->content_hash();
}

void ImageDataset::scan(Progress* progress) {
  Scan scan(static_cast<int64_t>(ids_.size()));
  scan.progress = progress;
  probe_all(scan);
  settle_size(scan);
  settle_channels(scan);
  if (!decode_all(scan)) {  // a coloured picture among seemingly grey ones
    channels_ = media::Channels::kRgb;
    set_shape(height_, width_);
    decode_all(scan);
  }
  drop_broken(scan);
  if (progress)
    progress->update({static_cast<double>(2 * scan.infos.size()),
                      static_cast<double>(2 * scan.infos.size()),
                      {}});
  for (const int64_t id : ids_)
    content_hash_ = scan.hashes[id] ^ (content_hash_ * 0x9e3779b97f4a7c15);
}

void ImageDataset::probe_all(Scan& scan) {
  parallel_for_each(static_cast<int64_t>(ids_.size()), [&](int64_t id) {
    scan.attempt(id, config_.strict, [&] {
      media::ImageInfo info = set_.reader->probe(id);
      if (info.orientation >= 5) std::swap(info.width, info.height);
      scan.infos[id] = info;
    });
  });
}

void ImageDataset::settle_size(const Scan& scan) {
  std::map<std::pair<int, int>, int64_t> sizes;
  for (size_t id = 0; id < scan.infos.size(); ++id)
    if (!scan.problems[id]) ++sizes[{scan.infos[id].width, scan.infos[id].height}];
  if (config_.size_px > 0 || sizes.empty()) {
    width_ = height_ = std::max(1, static_cast<int>(config_.size_px));
    return;
  }
  if (sizes.size() > 1) {
    const int shortest =
        std::min_element(sizes.begin(), sizes.end(), [](auto& a, auto& b) {
          return std::min(a.first.first, a.first.second) < std::min(b.first.first, b.first.second);
        })->first.first;
    throw DataError({set_.path,
                     "pictures of " + std::to_string(sizes.size()) + " sizes: " + sizes_text(sizes),
                     "one size, or data.size_px to resize to",
                     fmt::format("--set data.size_px={}", shortest >= 64 ? 64 : 32)});
  }
  width_ = sizes.begin()->first.first;
  height_ = sizes.begin()->first.second;
}

void ImageDataset::settle_channels(const Scan& scan) {
  std::vector<int64_t> colored;  // by their headers
  for (size_t id = 0; id < scan.infos.size(); ++id)
    if (!scan.problems[id] && scan.infos[id].channels >= 3)
      colored.push_back(static_cast<int64_t>(id));
  bool grey = config_.channels == "grey";
  if (config_.channels == "auto") {
    std::atomic<bool> seen_color{false};
    const int64_t count = std::min<int64_t>(kColorSample, static_cast<int64_t>(colored.size()));
    parallel_for_each(count, [&](int64_t i) {
      const int64_t id = colored[i * static_cast<int64_t>(colored.size()) / count];
      try {
        if (!seen_color && !is_grey(set_.reader->decode(id, media::Channels::kRgb)))
          seen_color = true;
      } catch (const Error&) {
        // Found again, and noted, when everything is decoded.
      }
    });
    grey = !seen_color;
  }
  channels_ = grey ? media::Channels::kGrey : media::Channels::kRgb;
  set_shape(height_, width_);
}

// False when channels were to be found out and a coloured picture contradicts grey.
bool ImageDataset::decode_all(Scan& scan) {
  const bool suspicious = config_.channels == "auto" && channels_ == media::Channels::kGrey;
  std::atomic<bool> contradicted{false};
  parallel_for_each(static_cast<int64_t>(ids_.size()), [&](int64_t id) {
    if (scan.problems[id] || contradicted) return;
    scan.attempt(id, config_.strict, [&] {
      if (suspicious && scan.infos[id].channels >= 3 &&
          !is_grey(set_.reader->decode(id, media::Channels::kRgb))) {
        contradicted = true;
        return;
      }
      std::vector<uint8_t> planes(static_cast<size_t>(spec_.elements()));
      to_planes(prepared(id), planes.data());
      scan.hashes[id] = xxh3({reinterpret_cast<const char*>(planes.data()), planes.size()});
      cache_.put(id, planes.data());
    });
  });
  return !contradicted;
}

void ImageDataset::drop_broken(Scan& scan) {
  std::erase_if(ids_, [&scan](int64_t id) { return scan.problems[id].has_value(); });
  for (size_t id = 0; id < scan.problems.size(); ++id)
    if (scan.problems[id])
      broken_.push_back({set_.reader->name(static_cast<int64_t>(id)), *scan.problems[id]});
  if (!ids_.empty()) return;
  throw DataError({set_.path,
                   fmt::format("{} pictures, all of them broken; the first, {}: {}",
                               format_count(static_cast<int64_t>(broken_.size())), broken_[0].path,
                               broken_[0].reason),
                   "at least one readable picture"});
}

media::Image ImageDataset::prepared(int64_t id) const {
  media::Image image =
      fit_picture(set_.reader->decode(id, channels_), config_.size_px, config_.crop);
  if (image.width != width_ || image.height != height_) {
    throw DataError({set_.reader->name(id), fmt::format("{} x {} px", image.width, image.height),
                     fmt::format("{} x {} px, as when the set was opened", width_, height_)});
  }
  return image;
}

void ImageDataset::read_bytes(int64_t id, uint8_t* planes) const {
  to_planes(prepared(id), planes);
  cache_.put(id, planes);
}

void ImageDataset::read(int64_t index, float* out) const {
  const int64_t id = ids_.at(index);
  const auto& values = float_of_byte();
  const int64_t count = spec_.elements();
  std::vector<uint8_t> decoded;
  const uint8_t* bytes = cache_.find(id);
  if (!bytes) {
    decoded.resize(static_cast<size_t>(count));
    read_bytes(id, decoded.data());
    bytes = decoded.data();
  }
  for (int64_t i = 0; i < count; ++i) out[i] = values[bytes[i]];
}

int64_t ImageDataset::label(int64_t index) const {
  return set_.labels.empty() ? -1 : set_.labels[ids_.at(index)];
}

std::string ImageDataset::name(int64_t index) const {
  return set_.reader->name(ids_.at(static_cast<size_t>(index)));
}

media::Image ImageDataset::picture(int64_t index) const { return prepared(ids_.at(index)); }

std::string ImageDataset::fingerprint() const {
  std::string text = set_.kind;
  for (const int64_t d : spec_.shape) text += fmt::format(" {}", d);
  text += fmt::format(" {} {} {:x}", size(), spec_.classes, content_hash_);
  for (const int64_t id : ids_)
    if (!set_.labels.empty()) text.push_back(static_cast<char>(set_.labels[id]));
  return fmt::format("{:016x}", xxh3(text));
}

std::shared_ptr<Dataset> open_dataset(const DataConfig& config, Progress* progress) {
  DataConfig whole = config;
  std::string classes;
  std::tie(whole.path, classes) = split_classes(config.path);
  Source source = open_source(whole, progress);
  if (!source.rows) {
    return training_part(
        of_classes(std::make_shared<ImageDataset>(std::move(*source.pictures), whole, progress),
                   classes),
        config.holdout);
  }
  if (config.size_px != 0 && !source.sized)
    throw UsageError(
        {"data.size_px",
         std::to_string(config.size_px) + " for " + source.rows->spec().domain + " data", "0",
         "--set data.size_px=0"});
  return training_part(of_classes(source.rows, classes), config.holdout);
}

}  // namespace ganymede::data
