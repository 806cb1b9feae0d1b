#include "ganymede/train/health_probe.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "ganymede/core/random.h"

namespace ganymede::train {
namespace {

constexpr uint64_t kFirstSeed = uint64_t{1} << 40;  // of the probe's fakes: no picture shows them
constexpr double kTwin = 0.1;  // a fake this near to another, in units of the reals' spacing
constexpr double kFar = 4.0;   // a real this far from all fakes, in units of its own kind's spacing

constexpr int64_t kWeightsOfEach = 4;

Batch fixed_batch(const data::Dataset& dataset, uint64_t seed, const at::Device& device) {
  const int64_t count = std::min(dataset.size(), HealthProbe::kProbeSamples);
  const Permutation order(static_cast<uint64_t>(dataset.size()), seed, "health", 0);
  std::vector<int64_t> indices;
  for (int64_t i = 0; i < count; ++i) {
    indices.push_back(static_cast<int64_t>(order(static_cast<uint64_t>(i))));
  }
  Batch batch = data::read_batch(dataset, indices);
  batch.samples = batch.samples.to(device);
  if (batch.labels.defined()) batch.labels = batch.labels.to(device);
  if (batch.given.defined()) batch.given = batch.given.to(device);
  return batch;
}

at::Tensor rows_of(const at::Tensor& samples) {
  return samples.detach().to(at::kCPU, at::kFloat).flatten(1);
}

// Euclidean, without the matrix product that loses small distances.
at::Tensor distances(const at::Tensor& a, const at::Tensor& b) {
  return at::cdist(a, b, 2.0, /*compute_mode=*/2);
}

// Mean over pairs of different samples.
double mean_between(const at::Tensor& square) {
  const auto n = static_cast<double>(square.size(0));
  return n > 1 ? square.to(at::kDouble).sum().item<double>() / (n * (n - 1)) : 0.0;
}

// From each sample of a set to its nearest neighbour in the same set.
at::Tensor nearest_other(const at::Tensor& square) {
  at::Tensor apart = square.clone();
  apart.fill_diagonal_(INFINITY);
  return std::get<0>(apart.min(1));
}

double middle(const at::Tensor& values) { return values.median().item<double>(); }

double average(const at::Tensor& values) { return values.to(at::kDouble).mean().item<double>(); }

// Probability that a sample of `a` scores above one of `b`, ties counted half: the area under the
// ROC curve. 0.5: the scores cannot tell them apart; 1: they always do.
double share_above(const at::Tensor& a, const at::Tensor& b) {
  const at::Tensor difference = a.unsqueeze(1) - b.unsqueeze(0);
  return average(difference.sign()) * 0.5 + 0.5;
}

double root_mean_square(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return std::sqrt(sum / static_cast<double>(a.size()));
}

// |now - before| / |now|; unknown without a before, or where nothing but zeros was seen.
double relative_change(const std::vector<double>& before, const std::vector<double>& now) {
  if (before.size() != now.size()) return kUnknown;
  double change = 0, size = 0;
  for (size_t i = 0; i < now.size(); ++i) {
    change += (now[i] - before[i]) * (now[i] - before[i]);
    size += now[i] * now[i];
  }
  return size > 0 ? std::sqrt(change / size) : kUnknown;
}

}  // namespace

at::Tensor HealthProbe::Reals::scores(gans::Gan& gan) const {
  return gan.score(batch.samples, batch.labels).to(at::kCPU, at::kDouble);
}

HealthProbe::HealthProbe(gans::Gan& gan, const data::Dataset& dataset, const data::Dataset* holdout,
                         uint64_t seed, const at::Device& device)
    : gan_(gan), device_(device) {
  reals_.batch = fixed_batch(dataset, seed, device);
  if (holdout != nullptr) holdout_.batch = fixed_batch(*holdout, seed, device);
  for (int64_t i = 0; i < kProbeSamples; ++i) {
    request_.seeds.push_back(kFirstSeed + static_cast<uint64_t>(i));
  }
  request_.device = device;
  if (gan.conditional() && reals_.batch.labels.defined()) {
    const int64_t copies = (kProbeSamples + reals_.batch.size() - 1) / reals_.batch.size();
    request_.labels = reals_.batch.labels.repeat({copies}).narrow(0, 0, kProbeSamples);
  }
  if (gan.spec().takes_given()) {
    const at::Tensor in_turn = at::arange(kProbeSamples, at::kLong).remainder(reals_.batch.size());
    request_.given = reals_.batch.given.index_select(0, in_turn.to(device));
  }
  real_rows_ = rows_of(reals_.batch.samples);
  between_reals_ = distances(real_rows_, real_rows_);
  real_distance_ = mean_between(between_reals_);
  Stream stream(seed, "health");
  signs_ = stream.bernoulli({kProbeSamples, dataset.spec().elements()}, 0.5) * 2 - 1;
}

HealthSignals HealthProbe::look() {
  const at::NoGradGuard no_grad;
  const nn::ForwardScope scope(nn::Mode::kEvaluate, nullptr);
  HealthSignals signals;
  const at::Tensor fakes = gan_.generate(request_);
  const at::Tensor rows = rows_of(fakes);
  judge_learning(signals);
  judge_scores(fakes, signals);
  if (!at::isfinite(rows).all().item<bool>()) {
    signals.finite = false;
    return signals;
  }
  judge_spread(rows, signals);
  judge_motion(rows, signals);
  return signals;
}

void HealthProbe::judge_scores(const at::Tensor& fakes, HealthSignals& signals) {
  at::Tensor fake = gan_.score(fakes, request_.labels);
  if (!fake.defined()) return;
  fake = fake.to(at::kCPU, at::kDouble);
  const at::Tensor real = reals_.scores(gan_);
  signals.score_real = average(real);
  signals.score_fake = average(fake);
  signals.finite = std::isfinite(signals.score_real) && std::isfinite(signals.score_fake);
  signals.separation = share_above(real, fake);
  if (!holdout_.batch.samples.defined()) return;
  const at::Tensor unseen = holdout_.scores(gan_);
  signals.score_holdout = average(unseen);
  signals.memorised = share_above(real, unseen);
}

void HealthProbe::judge_spread(const at::Tensor& fakes, HealthSignals& signals) {
  if (real_distance_ <= 0) return;  // a single real: nothing to compare with
  const at::Tensor across = distances(real_rows_, fakes);
  const at::Tensor between = distances(fakes, fakes);
  const double mixed = average(across);
  const double fake_distance = mean_between(between);
  signals.spread = fake_distance / real_distance_;
  signals.distance = mixed > 0 ? (2 * mixed - fake_distance - real_distance_) / (2 * mixed) : 0.0;
  const double spacing = middle(nearest_other(between_reals_));
  signals.duplicates = average(nearest_other(between).lt(kTwin * spacing));
  const double precise = middle(std::get<0>(across.min(0)));
  signals.missed = average(std::get<0>(across.min(1)).gt(kFar * std::max(precise, spacing)));
}

void HealthProbe::judge_motion(const at::Tensor& fakes, HealthSignals& signals) {
  const at::Tensor projected = (fakes * signs_).to(at::kDouble).sum(1).contiguous();
  const double* values = projected.data_ptr<double>();
  std::vector<double> now(values, values + projected.numel());
  if (first_.empty()) first_ = now;
  if (!last_.empty() && real_distance_ > 0) {
    signals.motion = root_mean_square(now, last_) / real_distance_;
    signals.travel = root_mean_square(now, first_) / real_distance_;
  }
  last_ = std::move(now);
}

void HealthProbe::judge_learning(HealthSignals& signals) {
  std::vector<double> d = some_weights(true), g = some_weights(false);
  signals.learned_d = relative_change(weights_d_, d);
  signals.learned_g = relative_change(weights_g_, g);
  weights_d_ = std::move(d);
  weights_g_ = std::move(g);
}

// A few values of every parameter that D's, or the other players', phases update.
std::vector<double> HealthProbe::some_weights(bool discriminator) const {
  std::vector<double> values;
  for (const gans::Phase& phase : gan_.phases()) {
    if (phase.optimizer().starts_with('D') != discriminator) continue;
    for (const gans::NetworkRef& network : phase.networks) {
      network->module->each_parameter([&](const std::string&, at::Tensor& tensor) {
        const at::Tensor flat = tensor.detach().flatten();
        const int64_t stride = std::max<int64_t>(flat.numel() / kWeightsOfEach, 1);
        const at::Tensor some = flat.slice(0, 0, stride * kWeightsOfEach, stride)
                                    .to(at::kCPU, at::kDouble)
                                    .contiguous();
        values.insert(values.end(), some.data_ptr<double>(),
                      some.data_ptr<double>() + some.numel());
      });
    }
  }
  return values;
}

nlohmann::json HealthProbe::state() const {
  return {{"first", first_}, {"last", last_}, {"weights_d", weights_d_}, {"weights_g", weights_g_}};
}

void HealthProbe::restore(const nlohmann::json& state) {
  first_ = state.at("first").get<std::vector<double>>();
  last_ = state.at("last").get<std::vector<double>>();
  weights_d_ = state.at("weights_d").get<std::vector<double>>();
  weights_g_ = state.at("weights_g").get<std::vector<double>>();
}

}  // namespace ganymede::train
