#include "ganymede/metrics/evidence.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <fmt/format.h>

#include <algorithm>

#include "ganymede/core/error.h"
#include "ganymede/data/domain.h"

namespace ganymede::metrics {
namespace {

constexpr int64_t kBlock = FeatureStatistics::kBlock;

bool is_pictures(const at::Tensor& samples) { return samples.dim() == 4; }

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

// Collects what was asked for, block by block.
class Collector {
 public:
  Collector(int64_t count, const Wanted& wanted, const FeatureNet& net)
      : count_(count), wanted_(wanted), net_(net) {
    if (wanted.features) evidence_.features.emplace(net.dim());
  }

  void add(const at::Tensor& samples, const at::Tensor& bytes) {
    if (!is_pictures(samples)) {
      samples_.push_back(samples);
    } else if (wanted_.pictures) {
      const int64_t room = pictures_kept(bytes, count_) - kept_;
      if (room > 0) samples_.push_back(bytes.slice(0, 0, room).clone());
      kept_ += std::min(room, bytes.size(0));
    }
    if (!wanted_.features && !wanted_.probabilities) return;
    const at::Tensor features = net_.features(samples);
    if (wanted_.features) evidence_.features->add(features);
    if (wanted_.probabilities) probabilities_.push_back(net_.class_probabilities(features));
  }

  Evidence finish() {
    evidence_.count = count_;
    if (!samples_.empty()) evidence_.samples = at::cat(samples_);
    if (!probabilities_.empty()) evidence_.probabilities = at::cat(probabilities_);
    return std::move(evidence_);
  }

 private:
  int64_t count_;
  Wanted wanted_;
  const FeatureNet& net_;
  Evidence evidence_;
  int64_t kept_ = 0;
  std::vector<at::Tensor> samples_;
  std::vector<at::Tensor> probabilities_;
};

}  // namespace

void Meter::add(int64_t samples, const std::string& what) {
  done_ += static_cast<double>(samples);
  if (progress_) progress_->update({done_, total_, {{"of", what}}});
}

at::Tensor from_bytes(const at::Tensor& bytes) { return bytes.to(at::kFloat) / 127.5 - 1.0; }

Evidence gather(const TakeSamples& take, int64_t count, const Wanted& wanted, const FeatureNet& net,
                bool quantise, Meter& meter, const std::string& what) {
  const at::NoGradGuard no_grad;
  Collector collector(count, wanted, net);
  for (int64_t first = 0; first < count; first += kBlock) {
    const int64_t size = std::min(kBlock, count - first);
    at::Tensor samples = take(first, size);
    check_finite(samples, first, what);
    at::Tensor bytes;
    if (is_pictures(samples)) {
      if (quantise || wanted.pictures) bytes = data::to_bytes(samples);
      if (quantise) samples = from_bytes(bytes);
    }
    collector.add(samples, bytes);
    meter.add(size, what);
  }
  return collector.finish();
}

Evidence head(const Evidence& evidence, int64_t count) {
  Evidence part;
  part.count = std::min(count, evidence.count);
  if (evidence.samples.defined()) part.samples = evidence.samples.slice(0, 0, part.count);
  if (evidence.probabilities.defined())
    part.probabilities = evidence.probabilities.slice(0, 0, part.count);
  if (evidence.features) {
    part.features.emplace(evidence.features->dim());
    part.features->add(evidence.features->features().slice(0, 0, part.count));
  }
  return part;
}

}  // namespace ganymede::metrics
