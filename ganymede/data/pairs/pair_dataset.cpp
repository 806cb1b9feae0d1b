#include "ganymede/data/pairs/pair_dataset.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <optional>

#include "ganymede/core/error.h"
#include "ganymede/core/hash.h"
#include "ganymede/core/text.h"
#include "ganymede/data/parallel.h"
#include "ganymede/media/resize.h"

namespace ganymede::data {
namespace {

constexpr int64_t kReportEvery = 16;
constexpr int kMostLabels = 64;  // grey pictures that are nowhere lighter than this hold class ids
constexpr size_t kShownSizes = 4;

std::string size_text(int width, int height) { return fmt::format("{} x {} px", width, height); }

// Whether one picture is the other at another size, to a part in fifty.
bool same_form(const PictureFacts& a, const PictureFacts& b) {
  const int64_t across = int64_t{a.width} * b.height, down = int64_t{b.width} * a.height;
  return 50 * std::abs(across - down) <= std::max(across, down);
}

std::unique_ptr<PictureStore> store_of(const std::shared_ptr<const PictureReader>& reader,
                                       const DataConfig& config, int64_t sides) {
  if (reader == nullptr) return nullptr;
  return std::make_unique<PictureStore>(
      reader, PictureStore::Wishes{config.size_px, config.crop, config.cache_mb / sides});
}

}  // namespace

struct PairDataset::Side {
  PictureStore* store;
  std::vector<PictureFacts> facts;
  std::vector<std::pair<int, int>> fitted;  // width, height
  std::vector<std::optional<std::string>> problems;

  Side(PictureStore* pictures, const DataConfig& config, bool paired)
      : store(pictures),
        facts(count(config, paired)),
        fitted(facts.size()),
        problems(facts.size()) {}

  size_t count(const DataConfig& config, bool paired) const {
    const int64_t all = store->count();
    return static_cast<size_t>(paired && config.limit > 0 ? std::min(all, config.limit) : all);
  }
  void look(int64_t id) {
    const auto i = static_cast<size_t>(id);
    try {
      const auto image = store->look(id, facts[i]);
      fitted[i] = {image->width, image->height};
    } catch (const Error& error) {
      problems[i] = error.parts().found;
    }
  }
  // Grey pictures that are nearly black throughout are class ids.
  void find_labels(bool named) {
    bool labels = named, some = false;
    for (size_t i = 0; !named && i < facts.size(); ++i) {
      if (problems[i]) continue;
      labels = facts[i].grey && facts[i].highest < kMostLabels;
      if (!labels) return;
      some = some || facts[i].highest > 0;
    }
    if (named || (labels && some)) store->set_labels(true);
  }
};

PairDataset::PairDataset(PairSource source, const DataConfig& config, Progress* progress)
    : source_(std::move(source)), config_(config) {
  if (config.size_px > 0 && config.patch_px > config.size_px) {
    throw UsageError({.where = "data.patch_px",
                      .found = fmt::format("{} of pictures that are {} px wide and high",
                                           config.patch_px, config.size_px),
                      .allowed = "at most data.size_px, or data.size_px=0: as stored"});
  }
  const bool reverse = config.direction == "b_to_a";
  if (reverse && !source_.a) {
    throw UsageError({.where = "data.direction",
                      .found = "b_to_a for pictures that are colorized",
                      .allowed = "a_to_b"});
  }
  given_ = store_of(reverse ? source_.b : source_.a, config, 2);
  made_ = store_of(reverse ? source_.a : source_.b, config, source_.a ? 2 : 1);
  std::vector<Side> sides;
  sides.emplace_back(made_.get(), config, true);
  if (given_) sides.emplace_back(given_.get(), config, source_.paired);
  look_at_all(sides, progress);
  for (Side& side : sides) side.find_labels(source_.labels && (&side == &sides[0]) == reverse);
  check(sides);
  keep(sides);
  settle_size(sides);
  settle_spec(sides);
}

void PairDataset::look_at_all(std::vector<Side>& sides, Progress* progress) const {
  int64_t total = 0;
  for (const Side& side : sides) total += static_cast<int64_t>(side.facts.size());
  std::atomic<int64_t> done{0};
  for (Side& side : sides) {
    parallel_for_each(static_cast<int64_t>(side.facts.size()), [&](int64_t id) {
      side.look(id);
      const int64_t now = ++done;
      if (progress && (now % kReportEvery == 0 || now == total))
        progress->update({static_cast<double>(now), static_cast<double>(total), {}});
    });
  }
}

// What cannot be used although it can be read.
void PairDataset::check(std::vector<Side>& sides) const {
  for (Side& side : sides) {
    for (size_t i = 0; i < side.facts.size(); ++i) {
      const auto [width, height] = side.fitted[i];
      if (!side.problems[i] && std::min(width, height) < config_.patch_px) {
        side.problems[i] = fmt::format("{}, smaller than data.patch_px={}",
                                       size_text(width, height), config_.patch_px);
      }
    }
  }
  if (!source_.paired || colorizes()) return;
  Side &made = sides[0], &given = sides[1];
  for (size_t i = 0; i < made.facts.size(); ++i) {
    if (made.problems[i] || given.problems[i]) continue;
    const PictureFacts &a = made.facts[i], &b = given.facts[i];
    const bool fit =
        config_.size_px > 0 ? same_form(a, b) : a.width == b.width && a.height == b.height;
    if (fit) continue;
    made.problems[i] =
        fmt::format("{}, but its partner {} has {}", size_text(a.width, a.height),
                    given.store->name(static_cast<int64_t>(i)), size_text(b.width, b.height));
  }
}

// Settles which pictures are used; names the others.
void PairDataset::keep(std::vector<Side>& sides) {
  broken_ = source_.problems;
  const bool together = source_.paired && !colorizes();
  for (Side& side : sides) {
    for (size_t i = 0; i < side.problems.size(); ++i) {
      if (!side.problems[i]) continue;
      const BrokenFile file{side.store->name(static_cast<int64_t>(i)), *side.problems[i]};
      const bool known = std::ranges::any_of(broken_, [&file](const BrokenFile& other) {
        return other.path == file.path;  // both halves of one file
      });
      if (!known) broken_.push_back(file);
    }
  }
  const auto usable = [&](const Side& side, std::vector<int64_t>& ids) {
    for (size_t i = 0; i < side.problems.size(); ++i) {
      const bool partner = !together || !sides[&side == sides.data() ? 1 : 0].problems[i];
      if (!side.problems[i] && partner) ids.push_back(static_cast<int64_t>(i));
    }
  };
  usable(sides[0], made_ids_);
  if (!colorizes()) usable(sides[1], given_ids_);
  if (config_.strict && !broken_.empty()) {
    throw DataError({.where = broken_.front().path,
                     .found = broken_.front().reason,
                     .allowed = "nothing broken, with data.strict"});
  }
  if (!made_ids_.empty() && (colorizes() || !given_ids_.empty())) return;
  throw DataError({.where = source_.path,
                   .found = broken_.empty() ? "no pictures"
                                            : fmt::format("{} pictures that cannot be used; the "
                                                          "first, {}: {}",
                                                          broken_.size(), broken_.front().path,
                                                          broken_.front().reason),
                   .allowed = "at least one usable pair"});
}

void PairDataset::settle_size(const std::vector<Side>& sides) {
  std::map<std::pair<int, int>, int64_t> stored, fitted;
  for (const Side& side : sides) {
    for (const int64_t id : &side == sides.data() ? made_ids_ : given_ids_) {
      const auto i = static_cast<size_t>(id);
      if (&side == sides.data()) ++stored[{side.facts[i].width, side.facts[i].height}];
      ++fitted[side.fitted[i]];
      content_hash_ = side.facts[i].hash ^ (content_hash_ * 0x9e3779b97f4a7c15);
    }
  }
  sizes_.assign(stored.begin(), stored.end());
  std::ranges::stable_sort(sizes_,
                           [](const auto& a, const auto& b) { return a.second > b.second; });
  width_ = height_ = static_cast<int>(config_.patch_px);
  if (config_.patch_px > 0) return;
  if (fitted.size() == 1) {
    std::tie(width_, height_) = fitted.begin()->first;
    return;
  }
  std::vector<std::string> parts;
  for (const auto& [size, count] : fitted) {
    if (parts.size() == kShownSizes) break;
    parts.push_back(fmt::format("{} x {} ({})", size.first, size.second, format_count(count)));
  }
  throw DataError({.where = source_.path,
                   .found = fmt::format("pictures of {} sizes: {}", fitted.size(), join(parts)),
                   .allowed = "one size, data.size_px to resize to, or data.patch_px to cut out",
                   .remedy = "--set data.size_px=64"});
}

void PairDataset::settle_spec(const std::vector<Side>& sides) {
  bool grey = config_.channels == "grey";
  if (config_.channels == "auto" && !colorizes()) {
    grey = true;
    for (const Side& side : sides) {
      grey = grey && !side.store->labels();
      for (const int64_t id : &side == sides.data() ? made_ids_ : given_ids_)
        grey = grey && side.facts[static_cast<size_t>(id)].grey;
    }
  }
  const auto spec_of = [&](const PictureStore* store) {
    SampleSpec spec;
    spec.domain = "image";
    spec.shape = {grey ? 1 : 3, height_, width_};
    if (store->labels()) spec.domain_state = media::state_of(media::Meaning::kLabels);
    return spec;
  };
  spec_ = spec_of(made_.get());
  SampleSpec given = spec_of(colorizes() ? made_.get() : given_.get());
  if (colorizes()) {
    if (grey) {
      throw UsageError({.where = "data.channels",
                        .found = "grey for pictures that are to be colorized",
                        .allowed = "auto or rgb"});
    }
    given.shape[0] = 1;
    given.domain_state = media::state_of(media::Meaning::kLightness);
  }
  spec_.given = {given};
}

void PairDataset::write_part(const media::Image& image, int left, int top, const SampleSpec& spec,
                             float* out) const {
  const bool whole = image.width == width_ && image.height == height_;
  media::write_planes(whole ? image : media::crop(image, left, top, width_, height_),
                      media::meaning_of(spec.domain_state), static_cast<int>(spec.shape[0]), out);
}

void PairDataset::read_pair(int64_t index, Stream& random, float* sample, float* given) const {
  const auto place = [&random](int whole, int part) {
    return static_cast<int>(random.below(static_cast<uint64_t>(whole - part) + 1));
  };
  const auto i = static_cast<size_t>(index);
  const auto image = made_->at(made_ids_.at(i));
  int left = place(image->width, width_), top = place(image->height, height_);
  write_part(*image, left, top, spec_, sample);
  if (given == nullptr) return;
  if (colorizes()) return write_part(*image, left, top, spec_.given[0], given);
  if (source_.paired)
    return write_part(*given_->at(given_ids_.at(i)), left, top, spec_.given[0], given);
  const auto partner = given_->at(given_ids_[random.below(given_ids_.size())]);
  left = place(partner->width, width_);
  top = place(partner->height, height_);
  write_part(*partner, left, top, spec_.given[0], given);
}

void PairDataset::read(int64_t index, float* out) const {
  Stream random(0, "given", static_cast<uint64_t>(index));
  read_pair(index, random, out, nullptr);
}

std::string PairDataset::name(int64_t index) const {
  return made_->name(made_ids_.at(static_cast<size_t>(index)));
}

std::string PairDataset::fingerprint() const {
  std::string text = source_.kind + config_.direction;
  for (const SampleSpec* spec : {&spec_, &spec_.given[0]}) {
    for (const int64_t side : spec->shape) text += fmt::format(" {}", side);
    text += spec->domain_state;
  }
  text += fmt::format(" {} {} {:x}", size(), givers(), content_hash_);
  return fmt::format("{:016x}", xxh3(text));
}

}  // namespace ganymede::data
