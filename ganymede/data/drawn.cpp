#include "ganymede/data/drawn.h"

#include "ganymede/core/error.h"
#include "ganymede/core/hash.h"
#include "ganymede/data/builtin.h"

namespace ganymede::data {
namespace {

constexpr int64_t kMinPx = 8;
constexpr int64_t kMaxPx = 512;

class DrawnReader final : public PictureReader {
 public:
  DrawnReader(const DrawnSet& drawn, SampleRange range, int size_px)
      : drawn_(drawn), range_(range), size_px_(size_px) {}
  int64_t count() const override { return range_.count; }
  std::string name(int64_t index) const override {
    return drawn_.name + ("#" + std::to_string(range_.first + index));
  }
  media::ImageInfo probe(int64_t) const override { return *uniform(); }
  media::Image decode(int64_t index, media::Channels channels) const override {
    return media::convert_channels(drawn_.draw(range_.first + index, size_px_), channels);
  }
  std::optional<media::ImageInfo> uniform() const override {
    media::ImageInfo info;
    info.width = info.height = size_px_;
    info.channels = drawn_.channels;
    return info;
  }
  uint64_t content_hash() const override {
    return xxh3(drawn_.version, static_cast<uint64_t>(range_.first));
  }

 private:
  DrawnSet drawn_;
  SampleRange range_;
  int size_px_;
};

}  // namespace

PictureSet open_drawn(const DrawnSet& drawn, const DataConfig& config) {
  const int64_t size = config.size_px == 0 ? drawn.default_px : config.size_px;
  if (size < kMinPx || size > kMaxPx)
    throw UsageError({"data.size_px", std::to_string(size) + " for " + drawn.name, "8 to 512"});
  const SampleRange range = split_range(config.split, drawn.train, drawn.test);
  PictureSet set;
  set.kind = "built-in";
  set.path = drawn.name;
  set.reader = std::make_shared<DrawnReader>(drawn, range, static_cast<int>(size));
  set.splits = {{"train", drawn.train}, {"test", drawn.test}};
  if (!config.labels) return set;
  set.classes = static_cast<int64_t>(drawn.class_names.size());
  set.class_names = drawn.class_names;
  for (int64_t i = 0; i < range.count; ++i) set.labels.push_back((range.first + i) % set.classes);
  return set;
}

}  // namespace ganymede::data
