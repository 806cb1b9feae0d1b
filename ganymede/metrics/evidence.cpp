#include "ganymede/metrics/evidence.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <functional>
#include <utility>
#include <vector>

#include "ganymede/core/error.h"
#include "ganymede/data/domain.h"
#include "ganymede/dist/rows.h"

namespace ganymede::metrics {
namespace {

constexpr int64_t kBlock = FeatureStatistics::kBlock;

bool is_pictures(const at::Tensor& samples, const Wanted& wanted) {
  return samples.dim() == 4 && !wanted.raw;
}

void check_finite(const at::Tensor& samples, int64_t first, const std::string& what) {
  const at::Tensor finite = at::isfinite(samples).flatten(1).all(1);
  if (finite.all().item<bool>()) return;
  const int64_t bad = first + finite.logical_not().nonzero()[0].item<int64_t>();
  throw NumericError({.where = what,
                      .found = fmt::format("sample {} holds NaN or infinity", bad),
                      .allowed = "finite values",
                      .remedy = "an earlier checkpoint; gan info shows what there is"});
}

int64_t pictures_kept(const at::Tensor& block, int64_t count) {
  const int64_t bytes = std::max<int64_t>(1, block[0].numel());
  return std::min(count, std::max<int64_t>(1, kMostPictureBytes / bytes));
}

// Collects what was asked for, block by block: of `count` samples those from `first` on.
class Collector {
 public:
  Collector(int64_t count, int64_t first, const Wanted& wanted, const FeatureNet& net)
      : count_(count), wanted_(wanted), net_(net), position_(first) {}

  void add(const at::Tensor& samples, const at::Tensor& bytes) {
    if (!is_pictures(samples, wanted_)) {
      samples_.push_back(samples);
    } else if (wanted_.pictures) {
      const int64_t room = pictures_kept(bytes, count_) - position_;
      if (room > 0) samples_.push_back(bytes.slice(0, 0, room).clone());
    }
    position_ += samples.size(0);
    if (!wanted_.features && !wanted_.probabilities) return;
    const at::Tensor features = net_.features(samples);
    if (wanted_.features) features_.push_back(features);
    if (wanted_.probabilities) probabilities_.push_back(net_.class_probabilities(features));
  }

  // With what the other ranks of `group` have collected, where there is one.
  Evidence finish(dist::Group* group) const {
    Evidence evidence;
    evidence.count = count_;
    evidence.samples = joined(samples_, group);
    if (wanted_.probabilities) evidence.probabilities = joined(probabilities_, group);
    if (wanted_.features) {
      evidence.features.emplace(net_.dim());
      evidence.features->add(joined(features_, group));
    }
    return evidence;
  }

 private:
  static at::Tensor joined(const std::vector<at::Tensor>& parts, dist::Group* group) {
    const at::Tensor mine = parts.empty() ? at::Tensor() : at::cat(parts);
    return group ? dist::gather_rows(*group, mine) : mine;
  }

  int64_t count_;
  Wanted wanted_;
  const FeatureNet& net_;
  int64_t position_;  // of the next sample
  std::vector<at::Tensor> samples_;
  std::vector<at::Tensor> features_;
  std::vector<at::Tensor> probabilities_;
};

// The part of [0, count) that this process looks at.
std::pair<int64_t, int64_t> own_part(int64_t count, const dist::Group* group) {
  if (!group) return {0, count};
  const auto [first, last] = group->share((count + kBlock - 1) / kBlock);
  return {std::min(first * kBlock, count), std::min(last * kBlock, count)};
}

// Has `work` done on every rank. Where it fails, this rank throws what it threw; the others throw
// GroupError, instead of waiting for it in vain.
void on_all_ranks(dist::Group* group, const std::function<void()>& work) {
  std::exception_ptr failure;
  try {
    work();
  } catch (...) {
    if (!group) throw;
    failure = std::current_exception();
  }
  if (!group) return;
  const std::vector<at::Tensor> failed = group->gather(at::scalar_tensor(failure ? 1 : 0));
  if (failure) std::rethrow_exception(failure);
  for (size_t rank = 0; rank < failed.size(); ++rank) {
    if (failed[rank].item<float>() == 0) continue;
    throw dist::GroupError({.where = "rank " + std::to_string(group->rank()),
                            .found = "rank " + std::to_string(rank) + " has failed",
                            .remedy = "see its message"});
  }
}

}  // namespace

void Meter::add(int64_t samples, const std::string& what) {
  done_ += static_cast<double>(samples);
  if (progress_) progress_->update({done_, total_, {{"of", what}}});
}

at::Tensor from_bytes(const at::Tensor& bytes) { return bytes.to(at::kFloat) / 127.5 - 1.0; }

Evidence gather(const TakeSamples& take, int64_t count, const Wanted& wanted, const FeatureNet& net,
                bool quantise, Meter& meter, const std::string& what, dist::Group* group) {
  const at::NoGradGuard no_grad;
  const auto [begin, end] = own_part(count, group);
  Collector collector(count, begin, wanted, net);
  const auto look_at = [&](int64_t first, int64_t size) {
    at::Tensor samples = take(first, size);
    check_finite(samples, first, what);
    at::Tensor bytes;
    if (is_pictures(samples, wanted)) {
      if (quantise || wanted.pictures) bytes = data::to_bytes(samples);
      if (quantise) samples = from_bytes(bytes);
    }
    collector.add(samples, bytes);
    meter.add(size, what);
  };
  on_all_ranks(group, [&, first = begin, last = end] {
    for (int64_t at = first; at < last; at += kBlock) look_at(at, std::min(kBlock, last - at));
  });
  meter.add(count - (end - begin), what);  // by others
  return collector.finish(group);
}

Evidence head(const Evidence& evidence, int64_t count) {
  Evidence part;
  part.count = std::min(count, evidence.count);
  if (evidence.samples.defined()) part.samples = evidence.samples.slice(0, 0, part.count);
  if (evidence.probabilities.defined())
    part.probabilities = evidence.probabilities.slice(0, 0, part.count);
  if (evidence.labels.defined()) part.labels = evidence.labels.slice(0, 0, part.count);
  if (evidence.given.defined()) part.given = evidence.given.slice(0, 0, part.count);
  if (evidence.columns)
    part.columns = std::make_shared<const PlainTable>(rows_of(*evidence.columns, 0, part.count));
  if (evidence.features) {
    part.features.emplace(evidence.features->dim());
    part.features->add(evidence.features->features().slice(0, 0, part.count));
  }
  return part;
}

}  // namespace ganymede::metrics
