#include "ganymede/metrics/linear_probe.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>
#include <deque>

#include "ganymede/core/error.h"
#include "ganymede/core/random.h"

namespace ganymede::metrics {
namespace {

constexpr size_t kHistory = 10;
// Of the fits that a probe makes: beyond this the accuracy does not move any more.
constexpr int64_t kProbeIterations = 200;
constexpr double kProbeTolerance = 1e-4;

void check(const at::Tensor& x, const at::Tensor& labels, int64_t classes, double l2) {
  if (x.dim() != 2 || labels.dim() != 1 || x.size(0) != labels.size(0) || x.size(0) < 1) {
    throw UsageError({.where = "linear probe",
                      .found = "features and labels of different counts",
                      .allowed = "features [N, dim] and labels [N], N >= 1"});
  }
  if (labels.min().item<int64_t>() < 0 || labels.max().item<int64_t>() >= classes) {
    throw UsageError({.where = "linear probe",
                      .found = "a label outside the classes",
                      .allowed = "0.." + std::to_string(classes - 1)});
  }
  if (!(l2 > 0)) {
    throw UsageError({.where = "linear probe", .found = "l2 of 0 or less", .allowed = "above 0"});
  }
  if (!at::isfinite(x).all().item<bool>()) {
    throw NumericError({.where = "linear probe", .found = "features that are not finite"});
  }
}

// The objective over theta [classes, dim + 1], whose last column is the bias.
class Objective {
 public:
  Objective(const at::Tensor& x, const at::Tensor& labels, int64_t classes, double l2)
      : x_(at::cat({x, at::ones({x.size(0), 1}, at::kDouble)}, 1)),
        targets_(at::one_hot(labels, classes).to(at::kDouble)),
        penalty_(at::full({1, x_.size(1)}, l2, at::kDouble)) {
    penalty_.select(1, x_.size(1) - 1).zero_();
  }

  at::Tensor zero() const { return at::zeros({targets_.size(1), x_.size(1)}, at::kDouble); }

  double value(const at::Tensor& theta, at::Tensor* gradient) const {
    const auto count = static_cast<double>(x_.size(0));
    const at::Tensor log_shares = at::log_softmax(at::mm(x_, theta.t()), 1);
    const at::Tensor penalised = penalty_ * theta;
    *gradient = at::mm((log_shares.exp() - targets_).t(), x_) / count + penalised;
    return -(log_shares * targets_).sum().item<double>() / count +
           0.5 * (penalised * theta).sum().item<double>();
  }

 private:
  at::Tensor x_;
  at::Tensor targets_;
  at::Tensor penalty_;
};

double dot_of(const at::Tensor& a, const at::Tensor& b) {
  return at::dot(a.view({-1}), b.view({-1})).item<double>();
}

// The last steps and what the gradient did along them: an estimate of the inverse Hessian.
class History {
 public:
  at::Tensor direction(const at::Tensor& gradient) const {
    at::Tensor q = gradient.clone();
    std::vector<double> alphas(pairs_.size());
    for (size_t i = pairs_.size(); i-- > 0;) {
      alphas[i] = dot_of(pairs_[i].step, q) / pairs_[i].curvature;
      q.sub_(pairs_[i].change, alphas[i]);
    }
    if (!pairs_.empty()) {
      const Pair& last = pairs_.back();
      q *= last.curvature / dot_of(last.change, last.change);
    }
    for (size_t i = 0; i < pairs_.size(); ++i) {
      const double beta = dot_of(pairs_[i].change, q) / pairs_[i].curvature;
      q.add_(pairs_[i].step, alphas[i] - beta);
    }
    return -q;
  }

  void add(const at::Tensor& step, const at::Tensor& change) {
    const double curvature = dot_of(step, change);
    if (curvature <= 0) return;  // only by rounding: the objective is convex
    pairs_.push_back({step, change, curvature});
    if (pairs_.size() > kHistory) pairs_.pop_front();
  }

 private:
  struct Pair {
    at::Tensor step;
    at::Tensor change;
    double curvature;
  };
  std::deque<Pair> pairs_;
};

struct Minimum {
  at::Tensor theta;
  at::Tensor gradient;
  double value = 0;
  int64_t iterations = 0;
};

// One step along `direction` that lowers the value enough (Armijo); false when none does.
bool advance(const Objective& objective, const at::Tensor& direction, double first_length,
             Minimum* at, History* history) {
  constexpr double kEnough = 1e-4;
  constexpr int kHalvings = 50;
  const double slope = dot_of(direction, at->gradient);
  double length = first_length;
  for (int i = 0; i < kHalvings; ++i, length *= 0.5) {
    at::Tensor gradient;
    const at::Tensor theta = at->theta + direction * length;
    const double value = objective.value(theta, &gradient);
    if (!(value <= at->value + kEnough * length * slope)) continue;
    history->add(theta - at->theta, gradient - at->gradient);
    *at = {theta, gradient, value, at->iterations + 1};
    return true;
  }
  return false;
}

Minimum minimise(const Objective& objective, const SoftmaxOptions& options) {
  Minimum at;
  at.theta = objective.zero();
  at.value = objective.value(at.theta, &at.gradient);
  History history;
  while (at.iterations < options.iterations) {
    const double norm = at.gradient.norm().item<double>();
    if (norm <= options.tolerance) break;
    const double length = at.iterations == 0 ? std::min(1.0, 1.0 / norm) : 1.0;
    // At the limit of rounding no step helps any more.
    if (!advance(objective, history.direction(at.gradient), length, &at, &history)) break;
  }
  return at;
}

double accuracy(const SoftmaxFit& fit, const at::Tensor& x, const at::Tensor& labels) {
  const at::Tensor logits = at::addmm(fit.bias, x, fit.weight.t());
  return logits.argmax(1).eq(labels).to(at::kDouble).mean().item<double>();
}

// Positions of the labelled samples in a keyed order.
at::Tensor shuffled(int64_t count, uint64_t seed) {
  const Permutation order(static_cast<uint64_t>(count), seed, "linear probe", 0);
  at::Tensor ids = at::empty({count}, at::kLong);
  for (int64_t i = 0; i < count; ++i) {
    ids[i] = static_cast<int64_t>(order(static_cast<uint64_t>(i)));
  }
  return ids;
}

double best_l2(const at::Tensor& x, const at::Tensor& labels, int64_t classes,
               const ProbeOptions& options) {
  const int64_t count = x.size(0);
  const auto held = std::clamp<int64_t>(
      std::llround(static_cast<double>(count) * options.validation_share), 1, count - 1);
  const at::Tensor order = shuffled(count, options.seed);
  const at::Tensor fit_ids = order.narrow(0, held, count - held);
  const at::Tensor held_ids = order.narrow(0, 0, held);
  double best = -1;
  double chosen = options.l2.at(0);
  for (const double l2 : options.l2) {
    const SoftmaxFit fit =
        fit_softmax(x.index_select(0, fit_ids), labels.index_select(0, fit_ids), classes,
                    {.l2 = l2, .iterations = kProbeIterations, .tolerance = kProbeTolerance});
    const double found =
        accuracy(fit, x.index_select(0, held_ids), labels.index_select(0, held_ids));
    if (found <= best) continue;
    best = found;
    chosen = l2;
  }
  return chosen;
}

}  // namespace

SoftmaxFit fit_softmax(const at::Tensor& x, const at::Tensor& labels, int64_t classes,
                       const SoftmaxOptions& options) {
  const at::NoGradGuard no_grad;
  check(x, labels, classes, options.l2);
  const Objective objective(x.to(at::kDouble), labels, classes, options.l2);
  const Minimum found = minimise(objective, options);
  return {.weight = found.theta.narrow(1, 0, x.size(1)).contiguous(),
          .bias = found.theta.select(1, x.size(1)).contiguous(),
          .objective = found.value,
          .gradient_norm = found.gradient.norm().item<double>(),
          .iterations = found.iterations};
}

ProbeResult linear_probe(const at::Tensor& train, const at::Tensor& train_labels,
                         const at::Tensor& test, const at::Tensor& test_labels, int64_t classes,
                         const ProbeOptions& options) {
  const at::NoGradGuard no_grad;
  if (train.dim() != 2 || train.size(0) < 2 || test.dim() != 2 || test.size(1) != train.size(1)) {
    throw UsageError({.where = "linear probe",
                      .found = "too few samples, or features of different sizes",
                      .allowed = "two or more labelled samples"});
  }
  const at::Tensor x = train.to(at::kDouble);
  const at::Tensor mean = x.mean(0);
  const at::Tensor deviation = (x - mean).square().mean(0).sqrt();
  const at::Tensor scale = at::where(deviation > 1e-12, deviation, at::ones_like(deviation));
  const at::Tensor standard = (x - mean) / scale;
  ProbeResult result;
  result.l2 = best_l2(standard, train_labels, classes, options);
  const SoftmaxFit fit =
      fit_softmax(standard, train_labels, classes,
                  {.l2 = result.l2, .iterations = kProbeIterations, .tolerance = kProbeTolerance});
  result.accuracy = accuracy(fit, (test.to(at::kDouble) - mean) / scale, test_labels);
  return result;
}

}  // namespace ganymede::metrics
