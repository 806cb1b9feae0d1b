#include "ganymede/train/trainer.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "ganymede/core/error.h"
#include "ganymede/core/log.h"
#include "ganymede/core/memory.h"
#include "ganymede/ops/multi_tensor.h"

namespace ganymede::train {
namespace {

constexpr int64_t kMostSkips = 10;     // in a row, before the policy "skip" gives up
constexpr int64_t kMostRollbacks = 5;  // in a run, before the policy "rollback" gives up

bool is_discriminator(const gans::Phase& phase) { return phase.optimizer().starts_with('D'); }

bool finite(const at::Tensor& scalar) { return std::isfinite(scalar.item<double>()); }

NamedParameters parameters_of(const std::vector<gans::Phase>& phases, const std::string& player) {
  NamedParameters parameters;
  std::set<std::string> seen;
  for (const gans::Phase& phase : phases) {
    if (phase.optimizer() != player) continue;
    for (const gans::NetworkRef& network : phase.networks) {
      if (!seen.insert(network->name).second) continue;
      network->module->each_parameter([&](const std::string& path, at::Tensor& tensor) {
        parameters.emplace_back(network->name + "/" + path, tensor);
      });
    }
  }
  return parameters;
}

}  // namespace

// A micro-batch and the values its phases share.
struct Trainer::Micro {
  Batch reals;
  gans::Step step;
};

Trainer::Trainer(gans::Gan& gan, std::shared_ptr<const data::Dataset> dataset,
                 const TrainerConfig& config, const at::Device& device)
    : gan_(gan),
      dataset_(std::move(dataset)),
      config_(config),
      device_(device),
      balance_(config.balance),
      augmentation_(config.augment, gan) {
  if (config_.train.batch % config_.train.accumulate != 0) {
    throw UsageError({.where = "train.accumulate",
                      .found = std::to_string(config_.train.accumulate) +
                               " does not divide batch " + std::to_string(config_.train.batch),
                      .allowed = "a divisor of train.batch"});
  }
  gan_.to(device_);
  phases_ = gan_.phases();
  for (const gans::Phase& phase : phases_) {
    const std::string& player = phase.optimizer();
    if (optimizers_.contains(player)) continue;
    const auto found = config_.optimizers.find(player);
    const OptimizerConfig options =
        found == config_.optimizers.end() ? OptimizerConfig{} : found->second;
    optimizers_[player] = std::make_unique<Optimizer>(options, parameters_of(phases_, player));
  }
  make_loader(0);
}

Trainer::~Trainer() = default;

void Trainer::make_loader(int64_t position) {
  const data::LoaderOptions options{.batch = config_.train.batch / config_.train.accumulate,
                                    .seed = config_.seed,
                                    .workers = config_.workers,
                                    .mirror = config_.mirror};
  loader_ = std::make_unique<data::Loader>(dataset_, options, position);
}

double Trainer::kimg() const { return static_cast<double>(loader_->position()) / 1000.0; }

double Trainer::stalled_seconds() const { return loader_->stalled_seconds(); }

uint64_t Trainer::draw_seed() const {
  // A rollback draws differently from there on, so that it does not meet the same NaN again.
  return config_.seed + static_cast<uint64_t>(rollbacks_) * 0x9E3779B97F4A7C15ULL;
}

void Trainer::fetch() {
  for (int64_t i = 0; i < config_.train.accumulate; ++i) {
    Batch batch = loader_->next();
    batch.samples = batch.samples.to(device_);
    if (batch.labels.defined()) batch.labels = batch.labels.to(device_);
    if (batch.condition.defined()) batch.condition = batch.condition.to(device_);
    if (batch.given.defined()) batch.given = batch.given.to(device_);
    if (static_cast<int64_t>(micros_.size()) <= i) {
      const int64_t index = steps_ * config_.train.accumulate + i;
      micros_.push_back({batch, gans::Step(gan_, draw_seed(), index, device_)});
    } else {
      micros_[static_cast<size_t>(i)].reals = batch;
    }
  }
}

void Trainer::freeze_others(const gans::Phase& phase) {
  for (const auto& network : gan_.networks()) {
    const bool updated = std::any_of(phase.networks.begin(), phase.networks.end(),
                                     [&](const auto& ref) { return &*ref == network.get(); });
    network->module->set_frozen(!updated);
  }
}

std::string Trainer::where_in(const gans::Phase& phase) const {
  return "phase " + phase.name + ", step " + std::to_string(steps_);
}

bool Trainer::step() {
  const int64_t before = loader_->position();
  micros_.clear();
  fetch();
  bool judged = false;  // D may rest while others are taught
  for (const gans::Phase& phase : phases_) {
    if (!phase.due(steps_, static_cast<double>(before) / 1000.0)) continue;
    const int64_t repeats = phase.repeats * balance_.repeats(is_discriminator(phase));
    for (int64_t repeat = 0; repeat < repeats; ++repeat) {
      if (repeat > 0) fetch();
      try {
        if (!run_phase(phase, repeat)) return false;
      } catch (const std::exception& error) {
        if (!is_out_of_memory(error)) throw;
        throw out_of_memory(where_in(phase), error);
      }
    }
    judged = judged || is_discriminator(phase);
  }
  if (augmentation_.enabled() && judged) adapt_augmentation(loader_->position() - before);
  micros_.clear();
  ++steps_;
  update_averages(loader_->position() - before);
  return true;
}

bool Trainer::run_phase(const gans::Phase& phase, int64_t repeat) {
  freeze_others(phase);
  optimizers_.at(phase.optimizer())->zero_grad();
  std::string problem;
  bool learns = false;
  for (size_t i = 0; i < micros_.size(); ++i) {
    if (!accumulate(phase, repeat, static_cast<int64_t>(i), learns, problem)) {
      return handle_problem(phase, problem);
    }
  }
  if (learns && !apply(phase, problem)) return handle_problem(phase, problem);
  skipped_in_a_row_ = 0;
  return true;
}

bool Trainer::accumulate(const gans::Phase& phase, int64_t repeat, int64_t index, bool& learns,
                         std::string& problem) {
  Micro& micro = micros_[static_cast<size_t>(index)];
  micro.step.begin_phase(phase, repeat);
  augmentation_.begin(draw_seed(), phase.name + "/" + std::to_string(repeat), micro.step.index());
  const nn::ForwardScope scope(nn::Mode::kTrain, &micro.step.random());
  const gans::Terms terms = gan_.loss(phase, micro.reals, micro.step);
  at::Tensor total;
  for (const gans::Term& term : terms) {
    statistics_.add(phase.name + "/" + term.name, term.value);
    if (term.observed) {
      if (term.name == "accuracy" && balance_.enabled()) {
        balance_.observe(term.value.item<double>(), micro.reals.size());
      }
      continue;
    }
    if (device_.is_cpu() && !finite(term.value)) {
      problem = "the loss term \"" + term.name + "\" is not finite";
      return false;
    }
    const at::Tensor weighted = term.weight == 1.0 ? term.value : term.value * term.weight;
    total = total.defined() ? total + weighted : weighted;
  }
  if (!total.defined()) return true;  // the player rests
  learns = true;
  if (config_.train.accumulate > 1) total = total / config_.train.accumulate;
  // What else takes gradients (the points of a penalty) is left out.
  std::vector<at::Tensor> learning;
  for (const auto& [name, parameter] : optimizers_.at(phase.optimizer())->parameters()) {
    if (parameter.requires_grad()) learning.push_back(parameter);
  }
  total.backward({}, std::nullopt, /*create_graph=*/false, learning);
  return true;
}

bool Trainer::apply(const gans::Phase& phase, std::string& problem) {
  Optimizer& optimizer = *optimizers_.at(phase.optimizer());
  const at::Tensor norm = optimizer.gradient_norm();
  statistics_.add(phase.name + "/gradient_norm", norm);
  if (device_.is_cpu() && !finite(norm)) {
    problem = "the gradient is not finite";
    return false;
  }
  optimizer.step(kimg(), rate_scale_);
  optimizer.zero_grad();
  if (phase.weight_clip > 0) {
    std::vector<at::Tensor> weights;
    for (const auto& [name, parameter] : optimizer.parameters()) weights.push_back(parameter);
    ops::clip_values(weights, phase.weight_clip);
  }
  return true;
}

bool Trainer::handle_problem(const gans::Phase& phase, const std::string& problem) {
  const std::string where = where_in(phase);
  statistics_.add("skipped_updates", 1.0);
  optimizers_.at(phase.optimizer())->zero_grad();
  if (config_.train.nan == NanPolicy::kSkip && ++skipped_in_a_row_ <= kMostSkips) {
    log_warning("[{}] {}; the update is skipped", where, problem);
    return true;
  }
  if (may_roll_back()) {
    log_warning("[{}] {}; going back to the last checkpoint", where, problem);
    return false;
  }
  throw NumericError({.where = where,
                      .found = problem,
                      .allowed = "finite numbers",
                      .remedy = "a smaller optimizer.learning_rate, or train.nan=rollback"});
}

bool Trainer::may_roll_back() const {
  return config_.train.nan == NanPolicy::kRollback && rollbacks_ < kMostRollbacks;
}

void Trainer::rolled_back() {
  ++rollbacks_;
  rate_scale_ *= 0.5;
}

void Trainer::adapt_augmentation(int64_t images) {
  augmentation_.check_applied();
  images_since_look_ += images;
  if (augmentation_.due(steps_)) {
    std::vector<Batch> reals;
    for (const Micro& micro : micros_) reals.push_back(micro.reals);
    augmentation_.begin(draw_seed(), "look", steps_);
    Stream random(draw_seed(), "look", static_cast<uint64_t>(steps_));
    const double sign = augmentation_.real_sign(reals, random);
    augmentation_.follow(sign, images_since_look_);
    images_since_look_ = 0;
    statistics_.add("augment/real_sign", sign);
  }
  statistics_.add("augment/p", augmentation_.strength());
}

void Trainer::update_averages(int64_t images) {
  double half_life = config_.train.ema_kimg * 1000.0;
  if (config_.train.ema_ramp > 0) {
    half_life = std::min(half_life, kimg() * 1000.0 * config_.train.ema_ramp);
  }
  const double toward =
      half_life > 0 ? 1.0 - std::exp2(-static_cast<double>(images) / half_life) : 1.0;
  for (const auto& network : gan_.networks()) {
    if (!network->average) continue;
    std::vector<at::Tensor> averages, values;
    for (const auto& [path, tensor] : network->average->state()) averages.push_back(tensor);
    for (const auto& [path, tensor] : network->module->state()) values.push_back(tensor);
    ops::average_toward(averages, values, toward);
  }
}

std::map<std::string, nn::TensorMap> Trainer::tensors() const {
  auto tensors = gan_.state();
  for (const auto& [player, optimizer] : optimizers_) {
    tensors["optimizer_" + player] = optimizer->state();
  }
  return tensors;
}

nlohmann::json Trainer::scalars() const {
  nlohmann::json updates;
  for (const auto& [player, optimizer] : optimizers_) updates[player] = optimizer->updates();
  return {{"steps", steps_},
          {"images", loader_->position()},
          {"kimg", kimg()},
          {"updates", updates},
          {"rollbacks", rollbacks_},
          {"rate_scale", rate_scale_},
          {"skipped_in_a_row", skipped_in_a_row_},
          {"balance_accuracy", balance_.accuracy()},
          {"augment", augmentation_.state()},
          {"images_since_look", images_since_look_}};
}

void Trainer::load(const std::map<std::string, nn::TensorMap>& tensors,
                   const nlohmann::json& scalars, const std::string& where) {
  gan_.load_state(tensors, where);
  try {
    for (auto& [player, optimizer] : optimizers_) {
      const auto found = tensors.find("optimizer_" + player);
      if (found == tensors.end()) {
        throw ModelError({.where = where, .found = "no optimizer state of player " + player});
      }
      optimizer->load_state(found->second, scalars.at("updates").at(player), where);
    }
    steps_ = scalars.at("steps");
    rollbacks_ = std::max<int64_t>(rollbacks_, scalars.at("rollbacks"));
    rate_scale_ = std::min<double>(rate_scale_, scalars.at("rate_scale"));
    skipped_in_a_row_ = scalars.at("skipped_in_a_row");
    balance_.restore(scalars.at("balance_accuracy"));
    augmentation_.restore(scalars.value("augment", nlohmann::json()));
    images_since_look_ = scalars.value("images_since_look", int64_t{0});
    make_loader(scalars.at("images"));
  } catch (const nlohmann::json::exception& error) {
    throw ModelError({.where = where, .found = std::string("the training state: ") + error.what()});
  }
  micros_.clear();
  statistics_.take();
}

void Trainer::check_finite() const {
  for (const auto& [stem, tensors] : tensors()) {
    for (const auto& [name, tensor] : tensors) {
      if (at::isfinite(tensor).all().item<bool>()) continue;
      throw NumericError({.where = stem + "/" + name + ", step " + std::to_string(steps_),
                          .found = "NaN or infinity in the state to be saved",
                          .allowed = "finite numbers",
                          .remedy = "gan resume from the last checkpoint with a smaller "
                                    "optimizer.learning_rate, or train.nan=rollback"});
    }
  }
}

}  // namespace ganymede::train
