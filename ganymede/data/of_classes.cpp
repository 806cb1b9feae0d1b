#include "ganymede/data/of_classes.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <optional>
#include <sstream>

#include "ganymede/core/error.h"
#include "ganymede/core/hash.h"
#include "ganymede/core/text.h"

namespace ganymede::data {
namespace {

class OfClasses final : public Dataset {
 public:
  OfClasses(std::shared_ptr<Dataset> whole, std::vector<int64_t> chosen)
      : whole_(std::move(whole)), spec_(whole_->spec()), chosen_(std::move(chosen)) {
    spec_.classes = chosen_.size() > 1 ? static_cast<int64_t>(chosen_.size()) : 0;
    for (int64_t i = 0; i < whole_->size(); ++i) {
      const auto found = std::ranges::find(chosen_, whole_->label(i));
      if (found == chosen_.end()) continue;
      places_.push_back(i);
      labels_.push_back(spec_.classes > 0 ? found - chosen_.begin() : -1);
    }
    if (places_.empty()) {
      throw UsageError(
          {.where = "classes behind the # of data.path", .found = "classes without samples"});
    }
  }

  const SampleSpec& spec() const override { return spec_; }
  int64_t size() const override { return static_cast<int64_t>(places_.size()); }
  void read(int64_t index, float* out) const override { whole_->read(place(index), out); }
  void read_pair(int64_t index, Stream& random, float* sample, float* given) const override {
    whole_->read_pair(place(index), random, sample, given);
  }
  int64_t label(int64_t index) const override { return labels_.at(static_cast<size_t>(index)); }
  std::string kind() const override { return whole_->kind(); }
  std::string name(int64_t index) const override { return whole_->name(place(index)); }
  std::vector<std::string> class_names() const override {
    const auto all = whole_->class_names();
    std::vector<std::string> names;
    if (all.empty() || spec_.classes == 0) return names;
    for (const int64_t c : chosen_) names.push_back(all.at(static_cast<size_t>(c)));
    return names;
  }
  std::vector<BrokenFile> broken() const override { return whole_->broken(); }
  std::string fingerprint() const override {
    return fmt::format("{:016x}",
                       xxh3(fmt::format("{} {}", whole_->fingerprint(), fmt::join(chosen_, ","))));
  }

 private:
  int64_t place(int64_t index) const { return places_.at(static_cast<size_t>(index)); }

  std::shared_ptr<Dataset> whole_;
  SampleSpec spec_;
  std::vector<int64_t> chosen_;  // by the whole's numbers
  std::vector<int64_t> places_;
  std::vector<int64_t> labels_;
};

std::vector<std::string> parts_of(const std::string& list) {
  std::vector<std::string> parts;
  std::istringstream stream(list);
  for (std::string part; std::getline(stream, part, ',');) {
    const size_t first = part.find_first_not_of(' ');
    if (first == std::string::npos) continue;
    parts.push_back(part.substr(first, part.find_last_not_of(' ') - first + 1));
  }
  return parts;
}

std::optional<int64_t> number_of(const std::string& text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

int64_t class_of(const std::string& text, const ClassNames& classes, const std::string& where) {
  const auto named = std::ranges::find(classes.names, text);
  if (named != classes.names.end()) return named - classes.names.begin();
  const auto number = number_of(text);
  if (number && *number >= 0 && *number < classes.count) return *number;
  const auto near = did_you_mean(text, classes.names);
  throw UsageError({.where = where,
                    .found = "\"" + text + "\"",
                    .allowed = classes.names.empty() ? fmt::format("0 to {}", classes.count - 1)
                                                     : join(classes.names),
                    .remedy = near ? *near : std::string()});
}

constexpr const char* kBehindPath = "classes behind the # of data.path";

}  // namespace

std::pair<std::string, std::string> split_classes(const std::string& path) {
  const size_t mark = path.rfind('#');
  std::error_code ignored;
  if (mark == std::string::npos || std::filesystem::exists(path, ignored)) return {path, ""};
  return {path.substr(0, mark), path.substr(mark + 1)};
}

std::vector<int64_t> classes_named(const std::string& list, const ClassNames& classes,
                                   const std::string& where) {
  std::vector<int64_t> chosen;
  for (const std::string& part : parts_of(list)) {
    const int64_t number = class_of(part, classes, where);
    if (std::ranges::find(chosen, number) != chosen.end())
      throw UsageError({.where = where, .found = "\"" + part + "\" twice"});
    chosen.push_back(number);
  }
  return chosen;
}

std::shared_ptr<Dataset> of_classes(std::shared_ptr<Dataset> dataset, const std::string& classes) {
  if (parts_of(classes).empty()) return dataset;
  if (dataset->spec().classes == 0) {
    throw UsageError({.where = kBehindPath,
                      .found = "\"" + classes + "\" of data without labels",
                      .allowed = "labelled data",
                      .remedy = "the path without #"});
  }
  std::vector<int64_t> chosen =
      classes_named(classes, {dataset->class_names(), dataset->spec().classes}, kBehindPath);
  return std::make_shared<OfClasses>(std::move(dataset), std::move(chosen));
}

}  // namespace ganymede::data
