#include "ganymede/train/optimizer.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>

#include "ganymede/core/error.h"
#include "ganymede/ops/multi_tensor.h"

namespace ganymede::train {

double learning_rate_at(const OptimizerConfig& config, double kimg, int64_t updates) {
  double rate = config.learning_rate;
  if (config.decay == Decay::kLinear && config.decay_end_kimg > config.decay_start_kimg) {
    const double done =
        (kimg - config.decay_start_kimg) / (config.decay_end_kimg - config.decay_start_kimg);
    rate *= 1.0 - std::clamp(done, 0.0, 1.0);
  } else if (config.decay == Decay::kExponential) {
    rate *= std::pow(config.decay_factor, -static_cast<double>(updates));
  }
  return std::max(rate, config.learning_rate_floor);
}

double momentum_at(const OptimizerConfig& config, double kimg) {
  if (config.momentum_ramp_kimg <= 0) return config.momentum;
  const double done = std::clamp(kimg / config.momentum_ramp_kimg, 0.0, 1.0);
  return config.momentum + done * (config.momentum_final - config.momentum);
}

struct Optimizer::Active {
  std::vector<at::Tensor> parameters, gradients, first, second, counts;
};

Optimizer::Optimizer(const OptimizerConfig& config, NamedParameters parameters)
    : config_(config), parameters_(std::move(parameters)) {
  for (const auto& [name, parameter] : parameters_) {
    first_.push_back(at::zeros_like(parameter.detach()));
    if (config_.kind != OptimizerKind::kSgd) second_.push_back(at::zeros_like(parameter.detach()));
    counts_.push_back(at::zeros({}, parameter.options().requires_grad(false)));
  }
}

bool Optimizer::is_constant() const {
  return config_.decay == Decay::kConstant && config_.momentum_ramp_kimg <= 0;
}

void Optimizer::zero_grad() {
  for (auto& [name, parameter] : parameters_) parameter.mutable_grad().reset();
}

// Where no graph is recorded.
Optimizer::Active Optimizer::active() const {
  Active active;
  for (size_t i = 0; i < parameters_.size(); ++i) {
    const at::Tensor& parameter = parameters_[i].second;
    if (!parameter.grad().defined()) continue;
    active.parameters.push_back(parameter);
    // As the parameter lies, because kernels walk through all of them side by side.
    const at::Tensor& gradient = parameter.grad();
    active.gradients.push_back(gradient.strides() == parameter.strides()
                                   ? gradient
                                   : at::empty_like(parameter).copy_(gradient));
    active.first.push_back(first_[i]);
    if (!second_.empty()) active.second.push_back(second_[i]);
    active.counts.push_back(counts_[i]);
  }
  return active;
}

void Optimizer::step(double kimg, double rate_scale) {
  const at::NoGradGuard no_grad;
  const Active now = active();
  const double rate = learning_rate(kimg) * rate_scale;
  ++updates_;
  if (now.parameters.empty()) return;
  ops::count_up(now.counts);
  switch (config_.kind) {
    case OptimizerKind::kSgd:
      return ops::sgd_step(now.parameters, now.gradients, now.first, rate,
                           momentum_at(config_, kimg));
    case OptimizerKind::kAdam:
      return ops::adam_step(now.parameters, now.gradients, now.first, now.second, now.counts,
                            {.rate = rate,
                             .beta1 = config_.beta1,
                             .beta2 = config_.beta2,
                             .eps = config_.eps,
                             .weight_decay = config_.weight_decay});
    case OptimizerKind::kRmsprop:
      return ops::rmsprop_step(now.parameters, now.gradients, now.second, rate, config_.alpha,
                               config_.eps);
  }
}

void Optimizer::scale_gradients(double factor) {
  const at::NoGradGuard no_grad;
  std::vector<at::Tensor> gradients;
  for (const auto& [name, parameter] : parameters_) {
    if (parameter.grad().defined()) gradients.push_back(parameter.grad());
  }
  if (!gradients.empty()) at::_foreach_mul_(gradients, factor);
}

at::Tensor Optimizer::gradient_norm() const {
  const at::NoGradGuard no_grad;
  return ops::norm(active().gradients);
}

std::vector<const char*> Optimizer::moment_names() const {
  switch (config_.kind) {
    case OptimizerKind::kSgd:
      return {"momentum"};
    case OptimizerKind::kAdam:
      return {"first_moment", "second_moment", "updates"};
    case OptimizerKind::kRmsprop:
      return {"", "square", "updates"};
  }
  return {};
}

nn::TensorMap Optimizer::state() const {
  nn::TensorMap state;
  const auto names = moment_names();
  const std::vector<const std::vector<at::Tensor>*> moments = {&first_, &second_, &counts_};
  for (size_t m = 0; m < names.size(); ++m) {
    if (*names[m] == '\0') continue;
    for (size_t i = 0; i < parameters_.size(); ++i) {
      state[std::string(names[m]) + "/" + parameters_[i].first] = (*moments[m])[i];
    }
  }
  return state;
}

void Optimizer::load_state(const nn::TensorMap& source, int64_t updates, const std::string& where) {
  const at::NoGradGuard no_grad;
  const nn::TensorMap own = state();
  for (const auto& [name, tensor] : own) {
    const auto found = source.find(name);
    if (found == source.end() || found->second.sizes() != tensor.sizes()) {
      throw ModelError({.where = where,
                        .found = "optimizer state " + name + " is missing or has another shape",
                        .remedy = "resume with the recipe that the run was started with"});
    }
  }
  if (source.size() != own.size()) {
    throw ModelError({.where = where,
                      .found = std::to_string(source.size()) + " optimizer tensors",
                      .allowed = std::to_string(own.size())});
  }
  for (const auto& [name, tensor] : own) at::Tensor(tensor).copy_(source.at(name));
  updates_ = updates;
}

}  // namespace ganymede::train
