#include "ganymede/data/captions/captioned_pictures.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "ganymede/core/error.h"
#include "ganymede/core/hash.h"
#include "ganymede/data/text/text_data.h"

namespace ganymede::data {
namespace {

constexpr int64_t kShortest = 16;  // tokens that a person may always type

// Number of the category of each; empty where some have none.
std::vector<int64_t> labels_of(const std::vector<Captions>& captions,
                               std::vector<std::string>& names) {
  for (const Captions& one : captions) {
    if (one.category.empty()) return {};
    names.push_back(one.category);
  }
  std::ranges::sort(names);
  names.erase(std::unique(names.begin(), names.end()), names.end());
  std::vector<int64_t> labels;
  for (const Captions& one : captions)
    labels.push_back(std::ranges::lower_bound(names, one.category) - names.begin());
  return labels;
}

void take_categories(PictureSet& set, const std::vector<Captions>& captions) {
  std::vector<std::string> names;
  std::vector<int64_t> labels = labels_of(captions, names);
  if (labels.empty()) return;
  set_labels(set, std::move(labels), static_cast<int64_t>(names.size()));
  set.class_names = std::move(names);
}

void make_plain(Captions& captions) {
  for (auto* list : {&captions.main, &captions.others})
    for (std::string& text : *list) text = plain_caption(text);
}

// Words that no caption holds are passed over instead of refused when a person types them.
std::string state_with_unknown(const Vocabulary& vocabulary) {
  nlohmann::json state = nlohmann::json::parse(text_state(vocabulary, /*ends=*/true));
  state["unknown"] = true;
  return state.dump();
}

}  // namespace

CaptionedPictures::CaptionedPictures(PictureSet set, std::vector<Captions> captions,
                                     std::vector<BrokenFile> broken, const DataConfig& config,
                                     Progress* progress)
    : stored_(std::move(captions)), broken_(std::move(broken)) {
  const std::string where = set.path;
  std::unordered_map<std::string, const Captions*> by_name;
  for (size_t i = 0; i < stored_.size(); ++i) {
    make_plain(stored_[i]);
    by_name.emplace(set.reader->name(static_cast<int64_t>(i)), &stored_[i]);
  }
  if (config.labels) take_categories(set, stored_);
  pictures_ = std::make_shared<const ImageDataset>(std::move(set), config, progress);
  for (int64_t i = 0; i < pictures_->size(); ++i)
    captions_.push_back(by_name.at(pictures_->name(i)));
  spec_ = pictures_->spec();
  learn_words(config, where);
}

void CaptionedPictures::learn_words(const DataConfig& config, const std::string& where) {
  if (config.domain_state.empty()) {
    std::vector<std::string_view> lines;
    for (const Captions* captions : captions_)
      for (const auto* list : {&captions->main, &captions->others})
        lines.insert(lines.end(), list->begin(), list->end());
    vocabulary_ = std::make_shared<const Vocabulary>(Vocabulary::fit(
        lines, {.characters = config.tokens == "characters", .min_count = config.min_count},
        where));
  } else {
    vocabulary_ = std::make_shared<const Vocabulary>(
        Vocabulary::from_json(nlohmann::json::parse(config.domain_state), "data.domain_state"));
  }
  int64_t length = config.max_length;
  if (length == 0) {
    length = kShortest;
    for (const Captions* captions : captions_)
      for (const std::string& text : captions->main)
        length = std::max(length, static_cast<int64_t>(vocabulary_->split(text).size()));
  }
  spec_.given = {
      {.domain = "text", .shape = {length}, .domain_state = state_with_unknown(*vocabulary_)}};
}

void CaptionedPictures::read_pair(int64_t index, Stream& random, float* sample,
                                  float* given) const {
  pictures_->read(index, sample);
  const Captions& captions = this->captions(index);
  const bool further = !captions.others.empty() && random.below(2) == 1;
  const std::vector<std::string>& list = further ? captions.others : captions.main;
  const std::string& text = list[random.below(list.size())];
  put_tokens(vocabulary_->encode(text), spec_.given[0].shape[0], given);
}

std::vector<BrokenFile> CaptionedPictures::broken() const {
  std::vector<BrokenFile> all = pictures_->broken();
  all.insert(all.end(), broken_.begin(), broken_.end());
  return all;
}

std::string CaptionedPictures::fingerprint() const {
  std::string text = pictures_->fingerprint() + " " + spec_.given[0].domain_state +
                     std::to_string(spec_.given[0].shape[0]);
  for (const Captions* captions : captions_) {
    for (const std::string& one : captions->main) text += "\n" + one;
    for (const std::string& one : captions->others) text += "\t" + one;
  }
  return fmt::format("{:016x}", xxh3(text));
}

}  // namespace ganymede::data
