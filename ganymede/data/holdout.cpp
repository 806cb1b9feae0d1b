#include "ganymede/data/holdout.h"

#include <fmt/format.h>

#include <algorithm>

#include "ganymede/core/error.h"
#include "ganymede/core/hash.h"
#include "ganymede/core/random.h"

namespace ganymede::data {
namespace {

constexpr uint64_t kKey = 0;  // of the permutation: no run's seed

// `count` samples of another set from place `first` of the permutation.
class Part final : public Dataset {
 public:
  Part(std::shared_ptr<Dataset> whole, int64_t first, int64_t count)
      : whole_(std::move(whole)),
        order_(static_cast<uint64_t>(whole_->size()), kKey, "holdout", 0),
        first_(first),
        count_(count) {
    if (spec().condition_width() == 0) return;
    index_of_.assign(static_cast<size_t>(whole_->size()), -1);
    for (int64_t index = 0; index < count_; ++index) {
      index_of_[static_cast<size_t>(place(index))] = index;
    }
  }

  const SampleSpec& spec() const override { return whole_->spec(); }
  int64_t size() const override { return count_; }
  void read(int64_t index, float* out) const override { whole_->read(place(index), out); }
  void read_pair(int64_t index, Stream& random, float* sample, float* given) const override {
    whole_->read_pair(place(index), random, sample, given);
  }
  std::string name(int64_t index) const override { return whole_->name(place(index)); }
  int64_t label(int64_t index) const override { return whole_->label(place(index)); }
  int64_t draw(Stream& random, float* condition) const override {
    for (;;) {  // until it is a sample of this part
      const int64_t index = index_of_.at(static_cast<size_t>(whole_->draw(random, condition)));
      if (index >= 0) return index;
      std::fill_n(condition, spec().condition_width(), 0.0F);
    }
  }
  std::string kind() const override { return whole_->kind(); }
  std::vector<std::string> class_names() const override { return whole_->class_names(); }
  std::vector<BrokenFile> broken() const override { return whole_->broken(); }
  std::string fingerprint() const override {
    return fmt::format("{:016x}",
                       xxh3(fmt::format("{} {} {}", whole_->fingerprint(), first_, count_)));
  }

  std::shared_ptr<Dataset> rest() const {
    return std::make_shared<Part>(whole_, first_ + count_, whole_->size() - first_ - count_);
  }

 private:
  int64_t place(int64_t index) const {
    return static_cast<int64_t>(order_(static_cast<uint64_t>(first_ + index)));
  }

  std::shared_ptr<Dataset> whole_;
  Permutation order_;
  int64_t first_;
  int64_t count_;
  std::vector<int64_t> index_of_;  // by the whole's places, -1 outside; for draw() only
};

std::vector<float> first_sample(const Dataset& dataset) {
  std::vector<float> values(static_cast<size_t>(dataset.spec().elements()));
  dataset.read(0, values.data());
  return values;
}

}  // namespace

std::shared_ptr<Dataset> training_part(std::shared_ptr<Dataset> dataset, int64_t count) {
  if (count == 0) return dataset;
  if (count >= dataset->size()) {
    throw UsageError({.where = "data.holdout",
                      .found = fmt::format("{} of {} samples", count, dataset->size()),
                      .allowed = fmt::format("0 to {}", dataset->size() - 1)});
  }
  const int64_t kept = dataset->size() - count;
  return std::make_shared<Part>(std::move(dataset), 0, kept);
}

std::shared_ptr<Dataset> open_test_split(DataConfig config, Progress* progress) {
  config.split = "test";
  config.limit = 0;
  try {
    return open_dataset(config, progress);
  } catch (const DataError&) {
    return nullptr;
  }
}

std::shared_ptr<Dataset> open_holdout(const DataConfig& config,
                                      const std::shared_ptr<Dataset>& training,
                                      Progress* progress) {
  if (const auto part = std::dynamic_pointer_cast<Part>(training)) return part->rest();
  if (config.split != "train") return nullptr;
  auto test = open_test_split(config, progress);
  if (!test) return nullptr;
  const SampleSpec &a = test->spec(), &b = training->spec();
  if (a.domain != b.domain || a.shape != b.shape) return nullptr;
  try {
    // A single file without splits answers every request with the same samples.
    return first_sample(*test) == first_sample(*training) ? nullptr : test;
  } catch (const DataError&) {
    return nullptr;  // the first picture of one of them cannot be read
  }
}

}  // namespace ganymede::data
