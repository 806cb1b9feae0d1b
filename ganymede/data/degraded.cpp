#include "ganymede/data/degraded.h"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <set>

#include "ganymede/core/error.h"
#include "ganymede/core/hash.h"
#include "ganymede/core/text.h"
#include "ganymede/data/image_dataset.h"
#include "ganymede/data/parallel.h"
#include "ganymede/media/resize.h"

namespace ganymede::data {
namespace {

constexpr int64_t kReportEvery = 64;

// Planes of [-1, 1], exact at both ends.
void to_sample(const media::Image& image, float* out) {
  const auto pixels = static_cast<size_t>(image.width) * static_cast<size_t>(image.height);
  const auto channels = static_cast<size_t>(image.channels);
  for (size_t c = 0; c < channels; ++c) {
    for (size_t i = 0; i < pixels; ++i)
      *out++ = static_cast<float>(image.pixels[i * channels + c]) / 127.5F - 1.0F;
  }
}

void check_patch(const DataConfig& config) {
  if (config.patch_px % config.scale == 0) return;
  throw UsageError(
      {.where = "data.patch_px",
       .found = fmt::format("{} for a scale of {}", config.patch_px, config.scale),
       .allowed = "a multiple of data.scale",
       .remedy = fmt::format("--set data.patch_px={}",
                             std::max(config.patch_px / config.scale, int64_t{1}) * config.scale)});
}

int whole(int side, int64_t scale) {
  return side / static_cast<int>(scale) * static_cast<int>(scale);
}

}  // namespace

DegradedData::DegradedData(PictureSet set, const DataConfig& config, Progress* progress)
    : set_(std::move(set)),
      config_(config),
      degradation_(Degradation::parse(config.degrade, config.scale)) {
  check_patch(config);
  int64_t count = set_.reader->count();
  if (config.limit > 0) count = std::min(count, config.limit);
  for (int64_t id = 0; id < count; ++id) ids_.push_back(id);
  std::vector<std::string> problems(ids_.size());
  settle_channels(probe_all(problems));
  decode_all(problems, progress);
  drop_broken(problems);
  settle_shape();
}

std::vector<media::ImageInfo> DegradedData::probe_all(std::vector<std::string>& problems) const {
  std::vector<media::ImageInfo> infos(ids_.size());
  parallel_for_each(static_cast<int64_t>(ids_.size()), [&](int64_t id) {
    try {
      infos[id] = set_.reader->uniform() ? *set_.reader->uniform() : set_.reader->probe(id);
    } catch (const Error& error) {
      if (config_.strict) throw;
      problems[id] = error.parts().found;
    }
  });
  return infos;
}

void DegradedData::settle_channels(const std::vector<media::ImageInfo>& infos) {
  const bool colour =
      std::ranges::any_of(infos, [](const auto& info) { return info.channels > 2; });
  const bool grey = config_.channels == "grey" || (config_.channels == "auto" && !colour);
  channels_ = grey ? media::Channels::kGrey : media::Channels::kRgb;
}

media::Image DegradedData::decoded(int64_t id) const {
  return fit_picture(set_.reader->decode(id, channels_), config_.size_px, config_.crop);
}

void DegradedData::decode_all(std::vector<std::string>& problems, Progress* progress) {
  kept_.resize(ids_.size());
  sizes_.resize(ids_.size());
  hashes_.resize(ids_.size());
  const int64_t least = std::max(config_.patch_px, config_.scale);
  std::mutex mutex;
  int64_t budget = config_.cache_mb << 20, done = 0;
  parallel_for_each(static_cast<int64_t>(ids_.size()), [&](int64_t id) {
    media::Image image;
    try {
      if (problems[id].empty()) image = decoded(id);
    } catch (const Error& error) {
      if (config_.strict) throw;
      problems[id] = error.parts().found;
    }
    if (!image.empty() && std::min(image.width, image.height) < least) {
      problems[id] =
          fmt::format("{} x {} px, less than a part of {} px", image.width, image.height, least);
    }
    sizes_[id] = {image.width, image.height};
    hashes_[id] = xxh3({reinterpret_cast<const char*>(image.pixels.data()), image.pixels.size()});
    const auto bytes = static_cast<int64_t>(image.pixels.size());
    const std::lock_guard lock(mutex);
    if (progress && ++done % kReportEvery == 0)
      progress->update({static_cast<double>(done), static_cast<double>(ids_.size()), {}});
    if (!problems[id].empty() || bytes > budget) return;
    budget -= bytes;
    kept_[id] = std::move(image);
  });
}

void DegradedData::drop_broken(const std::vector<std::string>& problems) {
  std::erase_if(ids_, [&](int64_t id) { return !problems[id].empty(); });
  for (size_t id = 0; id < problems.size(); ++id)
    if (!problems[id].empty())
      broken_.push_back({set_.reader->name(static_cast<int64_t>(id)), problems[id]});
  if (!ids_.empty()) return;
  throw DataError({set_.path,
                   fmt::format("{} pictures, none of which will do; the first, {}: {}",
                               format_count(static_cast<int64_t>(broken_.size())), broken_[0].path,
                               broken_[0].reason),
                   "at least one readable picture as large as a part"});
}

void DegradedData::check_one_size() const {
  std::set<std::pair<int, int>> sizes;
  for (const int64_t id : ids_)
    sizes.insert({whole(sizes_[id].first, config_.scale), whole(sizes_[id].second, config_.scale)});
  if (sizes.size() == 1) return;
  throw DataError({set_.path, fmt::format("pictures of {} sizes", sizes.size()),
                   "one size, or parts of them: data.patch_px", "--set data.patch_px=96"});
}

void DegradedData::settle_shape() {
  int64_t height = config_.patch_px, width = config_.patch_px;
  if (config_.patch_px == 0) {
    check_one_size();
    width = whole(sizes_[ids_[0]].first, config_.scale);
    height = whole(sizes_[ids_[0]].second, config_.scale);
  }
  const int64_t planes = channels_ == media::Channels::kGrey ? 1 : 3;
  spec_.domain = "image";
  spec_.shape = {planes, height, width};
  SampleSpec given;
  given.domain = "image";
  given.shape = {planes, height / config_.scale, width / config_.scale};
  spec_.given = {given};
}

media::Image DegradedData::picture(int64_t index) const {
  const int64_t id = ids_.at(static_cast<size_t>(index));
  return kept_[id].empty() ? decoded(id) : kept_[id];
}

void DegradedData::read(int64_t index, float* out) const {
  const media::Image clean = picture(index);
  const int width = static_cast<int>(spec_.shape[2]), height = static_cast<int>(spec_.shape[1]);
  to_sample(media::crop(clean, whole((clean.width - width) / 2, config_.scale),
                        whole((clean.height - height) / 2, config_.scale), width, height),
            out);
}

void DegradedData::read_pair(int64_t index, Stream& random, float* sample, float* given) const {
  const media::Image clean = picture(index);
  const int width = static_cast<int>(spec_.shape[2]), height = static_cast<int>(spec_.shape[1]);
  const auto corner = [&](int side, int part) {
    const auto places = static_cast<uint64_t>((side - part) / config_.scale + 1);
    return static_cast<int>(random.below(places) * static_cast<uint64_t>(config_.scale));
  };
  const int x = corner(clean.width, width);
  const int y = corner(clean.height, height);
  to_sample(media::crop(clean, x, y, width, height), sample);
  to_sample(degraded(clean, x, y, width, height, degradation_, random), given);
}

std::string DegradedData::name(int64_t index) const {
  return set_.reader->name(ids_.at(static_cast<size_t>(index)));
}

std::string DegradedData::fingerprint() const {
  std::string text = kind();
  for (const int64_t d : spec_.shape) text += fmt::format(" {}", d);
  const auto add = [&text](const DrawnNumber& n) { text += fmt::format(" {}-{}", n.low, n.high); };
  text += fmt::format(" {} {}", size(), degradation_.scale);
  add(degradation_.blur);
  add(degradation_.noise);
  add(degradation_.jpeg_quality);
  for (const int64_t id : ids_) text += fmt::format(" {:x}", hashes_[id]);
  return fmt::format("{:016x}", xxh3(text));
}

bool is_degraded(const std::filesystem::path&, const DataConfig& config) {
  return config.form == "degraded";
}

std::shared_ptr<Dataset> open_degraded(const std::filesystem::path& path, const DataConfig& config,
                                       Progress* progress) {
  DataConfig plain = config;
  plain.form = "auto";
  plain.domain = "image";
  Source source = open_source(plain, progress);
  if (!source.pictures)
    throw DataError({path.string(), "no pictures", "pictures that can be degraded"});
  return std::make_shared<DegradedData>(std::move(*source.pictures), config, progress);
}

}  // namespace ganymede::data
