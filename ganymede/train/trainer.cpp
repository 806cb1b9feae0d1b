#include "ganymede/train/trainer.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "ganymede/core/device.h"
#include "ganymede/core/error.h"
#include "ganymede/core/levers.h"
#include "ganymede/core/log.h"
#include "ganymede/core/memory.h"
#include "ganymede/ops/multi_tensor.h"

namespace ganymede::train {
namespace {

constexpr int64_t kMostSkips = 10;     // in a row, before the policy "skip" gives up
constexpr int64_t kMostRollbacks = 5;  // in a run, before the policy "rollback" gives up

bool is_discriminator(const gans::Phase& phase) { return phase.optimizer().starts_with('D'); }

Layout layout_on(const at::Device& device, const EngineConfig& engine) {
  if (engine.layout != Layout::kAuto) return engine.layout;
  const bool low = device.is_cuda() && engine.precision != Precision::kFloat32;
  return low ? Layout::kChannelsLast : Layout::kContiguous;
}

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

// Parameters and buffers in the order of their definition.
std::vector<at::Tensor> tensors_of(nn::Module& module) {
  std::vector<at::Tensor> tensors;
  const auto collect = [&](const std::string&, at::Tensor& tensor) { tensors.push_back(tensor); };
  module.each_parameter(collect);
  module.each_buffer(collect);
  return tensors;
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
  if (layout_on(device_, config_.engine) == Layout::kChannelsLast) {
    for (const auto& network : gan_.networks()) network->module->to(at::MemoryFormat::ChannelsLast);
  }
  phases_ = gan_.phases();
  check_phases();
  for (const gans::Phase& phase : phases_) {
    const std::string& player = phase.optimizer();
    if (optimizers_.contains(player)) continue;
    const auto found = config_.optimizers.find(player);
    const OptimizerConfig options =
        found == config_.optimizers.end() ? OptimizerConfig{} : found->second;
    optimizers_[player] = std::make_unique<Optimizer>(options, parameters_of(phases_, player));
  }
  make_loader(0);
  if (config_.engine.graphs) make_graph();
}

Trainer::~Trainer() = default;

void Trainer::check_phases() const {
  for (const std::string& name : config_.engine.float32_phases) {
    if (std::ranges::find(phases_, name, &gans::Phase::name) != phases_.end()) continue;
    std::string names;
    for (const gans::Phase& phase : phases_) names += (names.empty() ? "" : ", ") + phase.name;
    throw UsageError(
        {.where = "engine.float32_phases", .found = "\"" + name + "\"", .allowed = names});
  }
}

bool Trainer::scales_loss(const gans::Phase& phase) const {
  return precision_of(phase) == Precision::kFloat16;
}

Precision Trainer::precision_of(const gans::Phase& phase) const {
  const bool whole = std::ranges::count(config_.engine.float32_phases, phase.name) > 0;
  return whole ? Precision::kFloat32 : config_.engine.precision;
}

void Trainer::make_loader(int64_t position) {
  const data::LoaderOptions options{.batch = config_.train.batch / config_.train.accumulate,
                                    .seed = config_.seed,
                                    .workers = config_.workers,
                                    .mirror = config_.mirror,
                                    .pinned = device_.is_cuda()};
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
    const Batch batch = on_device(loader_->next());
    if (static_cast<int64_t>(micros_.size()) <= i) {
      const int64_t index = steps_ * config_.train.accumulate + i;
      micros_.push_back({batch, gans::Step(gan_, draw_seed(), index, device_)});
    } else {
      micros_[static_cast<size_t>(i)].reals = batch;
    }
  }
}

Batch Trainer::on_device(Batch batch) const {
  const bool nhwc = layout_on(device_, config_.engine) == Layout::kChannelsLast;
  for (at::Tensor* part : {&batch.samples, &batch.labels, &batch.condition, &batch.given}) {
    if (!part->defined()) continue;
    *part = to_device(*part, device_);
    if (nhwc && part->dim() == 4) *part = part->contiguous(at::MemoryFormat::ChannelsLast);
  }
  return batch;
}

void Trainer::freeze_others(const gans::Phase& phase) {
  for (const auto& network : gan_.networks()) {
    const bool updated = std::any_of(phase.networks.begin(), phase.networks.end(),
                                     [&](const auto& ref) { return &*ref == network.get(); });
    network->module->set_frozen(!updated && is_on(Lever::kFrozen));
  }
}

std::string Trainer::where_in(const gans::Phase& phase) const {
  return "phase " + phase.name + ", step " + std::to_string(steps_);
}

bool Trainer::step() {
  const int64_t before = loader_->position();
  micros_.clear();
  fetch();
  if (graph_) {
    graph_->run(static_cast<uint64_t>(steps_), micros_.front().reals, statistics_);
    say_refusal(graph_->refusal());
  } else if (!run_phases(before)) {
    return false;
  }
  micros_.clear();
  ++steps_;
  update_averages(loader_->position() - before);
  return true;
}

bool Trainer::run_phases(int64_t before) {
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
  return true;
}

// What of this run only the host can decide from step to step.
std::string Trainer::needs_host() const {
  if (config_.train.accumulate > 1) return "train.accumulate is more than 1";
  if (config_.balance.enabled) return "train.balance decides how often a player moves";
  if (augmentation_.enabled()) return "augmentation draws what it does on the CPU";
  if (config_.engine.precision == Precision::kFloat16) return "float16 scales its loss on the CPU";
  for (const gans::Phase& phase : phases_) {
    const bool always = phase.interval == 1 && phase.repeats == 1 && phase.from_kimg <= 0 &&
                        std::isinf(phase.until_kimg);
    if (!always) return "phase " + phase.name + " is not once in every step";
  }
  for (const auto& [player, optimizer] : optimizers_) {
    if (!optimizer->is_constant()) return "the learning rate of " + player + " changes";
  }
  return {};
}

void Trainer::make_graph() {
  say_refusal(needs_host());
  if (!graph_refusal_.empty()) return;
  GraphedStep step;
  for (const auto& [stem, tensors] : tensors()) {
    for (const auto& [name, tensor] : tensors) step.state.push_back(tensor);
  }
  step.play = [this](const Batch& reals, Statistics& statistics) { play_alone(reals, statistics); };
  step.numbers = [this] {
    std::vector<int64_t> updates;
    for (const auto& [player, optimizer] : optimizers_) updates.push_back(optimizer->updates());
    return updates;
  };
  step.set_numbers = [this](const std::vector<int64_t>& updates) {
    auto update = updates.begin();
    for (const auto& [player, optimizer] : optimizers_) optimizer->set_updates(*update++);
  };
  graph_ = std::make_unique<StepGraph>(device_, std::move(step));
  say_refusal(graph_->refusal());
}

void Trainer::say_refusal(const std::string& why) {
  if (why == graph_refusal_) return;
  graph_refusal_ = why;
  log_warning("[engine.graphs] steps are not replayed: {}", why);
}

// The phases of the present step with these reals, and their statistics apart.
void Trainer::play_alone(const Batch& reals, Statistics& statistics) {
  std::swap(statistics, statistics_);
  micros_.clear();
  micros_.push_back({reals, gans::Step(gan_, draw_seed(), steps_, device_)});
  try {
    run_phases(loader_->position());
  } catch (...) {
    std::swap(statistics, statistics_);
    throw;
  }
  std::swap(statistics, statistics_);
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
  const gans::Terms terms = [&] {
    const Autocast scope_of_loss(device_, precision_of(phase));
    return gan_.loss(phase, micro.reals, micro.step);
  }();
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
    const at::Tensor value = term.value.to(at::kFloat);
    const at::Tensor weighted = term.weight == 1.0 ? value : value * term.weight;
    total = total.defined() ? total + weighted : weighted;
  }
  if (!total.defined()) return true;  // the player rests
  learns = true;
  if (config_.train.accumulate > 1) total = total / config_.train.accumulate;
  if (scales_loss(phase)) total = total * loss_scale_.value();
  // What else takes gradients (the points of a penalty) is left out.
  std::vector<at::Tensor> learning;
  for (const auto& [name, parameter] : optimizers_.at(phase.optimizer())->parameters()) {
    if (parameter.requires_grad()) learning.push_back(parameter);
  }
  if (is_on(Lever::kFrozen)) {
    total.backward({}, std::nullopt, /*create_graph=*/false, learning);
  } else {
    total.backward();
  }
  return true;
}

bool Trainer::apply(const gans::Phase& phase, std::string& problem) {
  Optimizer& optimizer = *optimizers_.at(phase.optimizer());
  if (scales_loss(phase)) optimizer.scale_gradients(1 / loss_scale_.value());
  const at::Tensor norm = optimizer.gradient_norm();
  if (scales_loss(phase) && !loss_scale_.accept(finite(norm))) {
    statistics_.add("skipped_updates", 1.0);
    optimizer.zero_grad();
    return true;
  }
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
  graph_.reset();  // it holds the old rate and draws
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
    ops::average_toward(tensors_of(*network->average), tensors_of(*network->module), toward);
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
          {"images_since_look", images_since_look_},
          {"loss_scale", loss_scale_.state()}};
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
    loss_scale_.restore(scalars.value("loss_scale", nlohmann::json()));
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
