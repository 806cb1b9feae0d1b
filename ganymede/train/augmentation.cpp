#include "ganymede/train/augmentation.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "ganymede/core/error.h"
#include "ganymede/core/text.h"
#include "ganymede/nn/augment/ada.h"
#include "ganymede/nn/augment/diffaugment.h"

namespace ganymede::train {
namespace {

std::vector<std::string> operations_of(AugmentKind kind) {
  if (kind == AugmentKind::kDiffAugment) return {"color", "translation", "cutout"};
  return {"blit", "geometry", "color", "noise", "cutout"};
}

std::set<std::string> checked_policy(const AugmentConfig& config) {
  const std::vector<std::string> known = operations_of(config.kind);
  if (config.policy.empty()) return {known.begin(), known.begin() + 3};
  for (const std::string& operation : config.policy) {
    if (std::find(known.begin(), known.end(), operation) != known.end()) continue;
    throw UsageError({.where = "augment.policy",
                      .found = operation,
                      .allowed = "for this kind: " + join(known)});
  }
  return {config.policy.begin(), config.policy.end()};
}

std::vector<gans::Network*> networks_of_d(const gans::Gan& gan) {
  std::vector<gans::Network*> found;
  for (const gans::Phase& phase : gan.phases()) {
    if (!phase.optimizer().starts_with('D')) continue;
    for (const gans::NetworkRef& network : phase.networks) {
      if (network->role == gans::Role::kAveraged) continue;  // a generator that D's phase moves too
      if (std::find(found.begin(), found.end(), &*network) == found.end()) {
        found.push_back(&*network);
      }
    }
  }
  return found;
}

[[noreturn]] void refuse(const std::string& found) {
  throw UsageError({.where = "augment.kind",
                    .found = found,
                    .allowed = "gans whose D judges images",
                    .remedy = "--set augment.kind=none"});
}

// Two pictures on top of each other, the first of `channels`: the same draws for both.
at::Tensor alike(const at::Tensor& pair, int64_t channels, Stream& random,
                 const std::function<at::Tensor(const at::Tensor&)>& operation) {
  const Stream before = random;
  const at::Tensor first = operation(pair.narrow(1, 0, channels));
  random = before;
  const at::Tensor second = operation(pair.narrow(1, channels, pair.size(1) - channels));
  return at::cat({first, second}, 1);
}

class AllFrozen {
 public:
  explicit AllFrozen(const gans::Gan& gan) {
    for (const auto& network : gan.networks()) {
      before_.emplace_back(network->module.get(), network->module->frozen());
      network->module->set_frozen(true);
    }
  }
  ~AllFrozen() {
    for (const auto& [module, frozen] : before_) module->set_frozen(frozen);
  }
  AllFrozen(const AllFrozen&) = delete;
  AllFrozen& operator=(const AllFrozen&) = delete;

 private:
  std::vector<std::pair<nn::Module*, bool>> before_;
};

}  // namespace

Augmentation::Augmentation(const AugmentConfig& config, gans::Gan& gan)
    : config_(config), gan_(gan) {
  if (!enabled()) return;
  if (gan.spec().domain != "image") refuse("samples of the domain " + gan.spec().domain);
  networks_ = networks_of_d(gan);
  if (networks_.empty()) refuse("a gan without a discriminator");
  const std::set<std::string> policy = checked_policy(config);
  const auto has = [&](const char* operation) { return policy.contains(operation); };
  if (config.kind == AugmentKind::kDiffAugment) {
    const nn::augment::DiffAugmentPolicy diff{has("color"), has("translation"), has("cutout")};
    operation_ = [this, diff](const at::Tensor& samples) {
      return nn::augment::diff_augment(samples, diff, *random_);
    };
  } else {
    const nn::augment::AdaPolicy ada{has("blit"), has("geometry"), has("color"), has("noise"),
                                     has("cutout")};
    strength_ = config.p;
    operation_ = [this, ada](const at::Tensor& samples) {
      return nn::augment::ada_augment(samples, ada, strength_, *random_);
    };
  }
  for (gans::Network* network : networks_) {
    network->augment = [this](const at::Tensor& samples) { return apply(samples); };
  }
}

Augmentation::~Augmentation() {
  for (gans::Network* network : networks_) network->augment = {};
}

void Augmentation::begin(uint64_t seed, const std::string& part, int64_t index) {
  if (enabled()) random_.emplace(seed, "augment/" + part, static_cast<uint64_t>(index));
}

at::Tensor Augmentation::apply(const at::Tensor& samples) {
  const SampleSpec& spec = gan_.spec();
  const bool maps = samples.dim() == 4;
  if (maps && spec.takes_given() && samples.size(1) == spec.given[0].shape[0] + spec.shape[0]) {
    if (!random_) return samples;
    applied_ = true;
    return alike(samples, spec.given[0].shape[0], *random_, operation_);
  }
  // Labels come as constant channels or columns behind the picture and stay as they are; what is
  // no picture (features, a code) is seen as it is.
  const int64_t own = maps ? spec.shape.at(0) : spec.elements();
  const int64_t extra = samples.dim() == 4 || samples.dim() == 2 ? samples.size(1) - own : -1;
  if (!random_ || (extra != 0 && extra != spec.classes)) return samples;
  applied_ = true;
  // Not even a view where there is nothing to cut: the graph of p = 0 is that of no augmentation.
  at::Tensor picture = extra == 0 ? samples : samples.narrow(1, 0, own);
  if (!maps) picture = picture.reshape({-1, spec.shape.at(0), spec.shape.at(1), spec.shape.at(2)});
  picture = operation_(picture);
  if (!maps) picture = picture.flatten(1);
  return extra == 0 ? picture : at::cat({picture, samples.narrow(1, own, extra)}, 1);
}

bool Augmentation::due(int64_t step) const {
  const bool follows = config_.kind == AugmentKind::kAda && config_.kimg > 0;
  return follows && (step + 1) % config_.interval == 0;
}

double Augmentation::real_sign(const std::vector<Batch>& reals, Stream& random) const {
  const at::NoGradGuard no_grad;
  const nn::ForwardScope scope(nn::Mode::kTrain, &random);
  const AllFrozen frozen(gan_);
  double sum = 0;
  for (const Batch& batch : reals) {
    const at::Tensor score = gan_.score(batch.samples, batch.labels);
    if (!score.defined()) {
      throw UsageError({.where = "augment.kimg",
                        .found = "a gan whose D gives no score of single samples to follow",
                        .remedy = "--set augment.kimg=0 --set augment.p=0.3, or diffaugment"});
    }
    sum += score.sign().mean().item<double>();
  }
  return sum / static_cast<double>(reals.size());
}

void Augmentation::follow(double sign, int64_t images) {
  const double direction = sign > config_.target ? 1 : sign < config_.target ? -1 : 0;
  const double change = direction * static_cast<double>(images) / (config_.kimg * 1000.0);
  strength_ = std::clamp(strength_ + change, 0.0, 1.0);
}

void Augmentation::check_applied() const {
  if (enabled() && !applied_) refuse("a gan whose D is never given a whole image");
}

nlohmann::json Augmentation::state() const { return {{"strength", strength_}}; }

void Augmentation::restore(const nlohmann::json& state) {
  if (!state.is_null()) strength_ = state.at("strength");
}

}  // namespace ganymede::train
