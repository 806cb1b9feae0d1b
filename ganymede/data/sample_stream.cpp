#include "ganymede/data/sample_stream.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "ganymede/core/error.h"
#include "ganymede/core/random.h"
#include "ganymede/core/text.h"

namespace ganymede::data {
namespace {

constexpr int64_t kPiece = 4096;
constexpr int64_t kSmallestPiece = 64;
constexpr int64_t kPatience = 100'000;  // candidates before a rare condition is given up
constexpr int64_t kRarest = 10'000;     // candidates for one sample, on average

// The next accepted samples, with their seeds.
class Candidates {
 public:
  Candidates(const SampleMaker& make, const SampleWish& wish, const SampleFilter* filter)
      : make_(make), wish_(wish), filter_(filter), random_(wish.seed, "sample") {}

  at::Tensor next(std::vector<uint64_t>& seeds) {
    const int64_t left = wish_.count - accepted_;
    const int64_t wanted = filter_ == nullptr ? left : std::max(2 * left, kSmallestPiece);
    seeds.resize(static_cast<size_t>(std::min(kPiece, wanted)));
    for (uint64_t& seed : seeds) seed = random_.next_u64();
    at::Tensor samples =
        make_(seeds, filter_ != nullptr ? filter_->conditions(seeds) : at::Tensor());
    tried_ += samples.size(0);
    if (filter_ != nullptr) {
      std::vector<int64_t> places = filter_->accepted(samples);
      places.resize(std::min(places.size(), static_cast<size_t>(left)));
      for (size_t i = 0; i < places.size(); ++i) seeds[i] = seeds[static_cast<size_t>(places[i])];
      seeds.resize(places.size());
      samples = samples.index_select(0, at::tensor(places, at::kLong));
    }
    accepted_ += samples.size(0);
    check_hope();
    return samples;
  }

  int64_t accepted() const { return accepted_; }

 private:
  void check_hope() const {
    if (tried_ < kPatience || tried_ / kRarest <= accepted_) return;
    throw UsageError({.where = "--where",
                      .found = format_count(accepted_) + " of " + format_count(tried_) +
                               " samples fulfil \"" + wish_.where + "\"",
                      .allowed = "conditions that the model meets more often",
                      .remedy = "fewer or wider terms, or a model that was trained longer"});
  }

  const SampleMaker& make_;
  const SampleWish& wish_;
  const SampleFilter* filter_;
  Stream random_;
  int64_t accepted_ = 0;
  int64_t tried_ = 0;
};

}  // namespace

std::vector<std::filesystem::path> write_samples(const Domain& domain, const SampleMaker& make,
                                                 const SampleWish& wish,
                                                 const std::filesystem::path& path,
                                                 const PreviewOptions& options,
                                                 Progress* progress) {
  if (wish.count < 1) {
    throw UsageError({.where = "-n", .found = std::to_string(wish.count), .allowed = "1 or more"});
  }
  const auto filter = wish.where.empty() ? nullptr : domain.filter(wish.where);
  const auto writer = domain.stream(path);
  Candidates candidates(make, wish, filter.get());
  std::vector<at::Tensor> kept;
  std::vector<std::string> names;
  std::vector<uint64_t> seeds;
  while (candidates.accepted() < wish.count) {
    const at::Tensor samples = candidates.next(seeds);
    if (writer != nullptr) {
      writer->add(samples);
    } else {
      kept.push_back(samples);
      for (const uint64_t seed : seeds) names.push_back("seed-" + std::to_string(seed));
    }
    if (progress != nullptr) {
      progress->update(
          {static_cast<double>(candidates.accepted()), static_cast<double>(wish.count), {}});
    }
  }
  if (writer == nullptr) return domain.write(at::cat(kept), names, path, options);
  writer->finish();
  return {path};
}

}  // namespace ganymede::data
