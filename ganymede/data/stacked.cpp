#include "ganymede/data/stacked.h"

#include <array>

#include "ganymede/core/error.h"
#include "ganymede/core/hash.h"
#include "ganymede/core/random.h"
#include "ganymede/data/builtin.h"

namespace ganymede::data {
namespace {

constexpr int64_t kMaxClasses = 40;                 // 40^3 labels fit 16 bits
constexpr std::string_view kVersion = "stacked 1";  // changes when the choice does

using Choice = std::array<int64_t, 3>;  // pictures that become red, green and blue

// Choices for `count` pictures among source pictures [first, first + count).
void choose(const std::string& split, int64_t first, int64_t count, std::vector<Choice>& choices) {
  const Stream keyed(kBuiltinSeed, "stacked " + split);
  for (int64_t i = 0; i < count; ++i) {
    Stream stream = keyed.at(static_cast<uint64_t>(i));
    Choice& choice = choices.emplace_back();
    for (int64_t& part : choice)
      part = first + static_cast<int64_t>(stream.below(static_cast<uint64_t>(count)));
  }
}

std::vector<Choice> choose_all(const PictureSet& digits, const std::string& split) {
  const int64_t count = digits.reader->count();
  std::vector<Choice> choices;
  choices.reserve(static_cast<size_t>(count));
  if (split != "all" || digits.splits.empty()) {
    choose(split == "all" ? "train" : split, 0, count, choices);
    return choices;
  }
  int64_t first = 0;
  for (const auto& [name, size] : digits.splits) {
    choose(name, first, size, choices);
    first += size;
  }
  return choices;
}

class StackedReader final : public PictureReader {
 public:
  StackedReader(std::shared_ptr<const PictureReader> digits, std::vector<Choice> choices)
      : digits_(std::move(digits)), choices_(std::move(choices)) {}

  int64_t count() const override { return static_cast<int64_t>(choices_.size()); }
  std::string name(int64_t index) const override {
    const Choice& choice = choices_.at(static_cast<size_t>(index));
    return digits_->name(choice[0]) + " + " + digits_->name(choice[1]) + " + " +
           digits_->name(choice[2]);
  }
  media::ImageInfo probe(int64_t) const override { return *uniform(); }
  std::optional<media::ImageInfo> uniform() const override {
    media::ImageInfo info = *digits_->uniform();
    info.channels = 3;
    return info;
  }
  uint64_t content_hash() const override { return xxh3(kVersion, digits_->content_hash()); }

  media::Image decode(int64_t index, media::Channels channels) const override {
    const media::ImageInfo info = *uniform();
    media::Image image = media::make_image(info.width, info.height, 3);
    for (size_t c = 0; c < 3; ++c) {
      const media::Image part =
          digits_->decode(choices_.at(static_cast<size_t>(index))[c], media::Channels::kGrey);
      for (size_t i = 0; i < part.pixels.size(); ++i) image.pixels[3 * i + c] = part.pixels[i];
    }
    return media::convert_channels(std::move(image), channels);
  }

 private:
  std::shared_ptr<const PictureReader> digits_;
  std::vector<Choice> choices_;
};

void check_source(const PictureSet& digits) {
  const auto info = digits.reader->uniform();
  std::string found;
  if (!info)
    found = "pictures that are files of their own";
  else if (info->channels != 1)
    found = "pictures in colour";
  else if (digits.classes > kMaxClasses)
    found = std::to_string(digits.classes) + " classes";
  if (found.empty()) return;
  throw DataError({std::string(kStackedPrefix) + digits.path, found,
                   "grey pictures of one size with at most 40 classes: IDX files as of MNIST, "
                   "arrays, or digits"});
}

void label(const PictureSet& digits, const std::vector<Choice>& choices, PictureSet& set) {
  const int64_t c = digits.classes;
  const auto label_of = [&digits](int64_t i) { return digits.labels[static_cast<size_t>(i)]; };
  for (const auto& [red, green, blue] : choices)
    set.labels.push_back(c * (c * label_of(red) + label_of(green)) + label_of(blue));
  set.classes = c * c * c;
  if (digits.class_names.empty()) return;
  for (const std::string& red : digits.class_names)
    for (const std::string& green : digits.class_names)
      for (const std::string& blue : digits.class_names)
        set.class_names.push_back(red + green + blue);
}

}  // namespace

bool is_stacked(std::string_view name) {
  return name == kStackedDigits || name.starts_with(kStackedPrefix);
}

std::string stacked_source(std::string_view name) {
  return name == kStackedDigits ? "digits" : std::string(name.substr(kStackedPrefix.size()));
}

PictureSet stack(const PictureSet& digits, const std::string& split) {
  check_source(digits);
  std::vector<Choice> choices = choose_all(digits, split);
  PictureSet set;
  set.kind = "stacked " + digits.kind;
  set.path = std::string(kStackedPrefix) + digits.path;
  set.splits = digits.splits;
  if (!digits.labels.empty()) label(digits, choices, set);
  set.reader = std::make_shared<StackedReader>(digits.reader, std::move(choices));
  return set;
}

}  // namespace ganymede::data
