#include "ganymede/loss/adversarial.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "ganymede/core/error.h"

namespace ganymede::loss {
namespace {

struct Logits {
  at::Tensor real;
  at::Tensor fake;
};

bool is_cross_entropy(Adversarial kind) {
  return kind == Adversarial::kMinimax || kind == Adversarial::kNonSaturating;
}

bool is_probability(double value) { return value >= 0 && value <= 1; }

[[noreturn]] void refuse(std::string where, std::string found, std::string allowed,
                         std::string remedy) {
  throw UsageError({.where = std::move(where),
                    .found = std::move(found),
                    .allowed = std::move(allowed),
                    .remedy = std::move(remedy)});
}

void check_labels(const Objective& o) {
  const bool flips = o.flip_probability != 0;
  const bool moved = o.real != 1 || o.fake != 0 || o.generator != 1;
  if (!moved && !flips) return;
  const bool squares = o.loss == Adversarial::kLeastSquares;
  if (!is_cross_entropy(o.loss) && (!squares || flips)) {
    refuse("gan.loss", "this loss has no such labels to move or flip",
           "minimax or non_saturating with label_real, label_fake, label_flip, label_generator; "
           "least_squares without flips",
           "--set gan.loss=non_saturating, or leave the labels out");
  }
  if (o.relative != Relative::kNone && (o.fake != 0 || o.generator != 1)) {
    refuse("gan.relative", "a label of fakes beside a relative loss",
           "label_real and label_flip; the other side mirrors them",
           "leave label_fake and label_generator out");
  }
  if (!squares && !(is_probability(o.real) && is_probability(o.fake) &&
                    is_probability(o.generator) && is_probability(o.flip_probability))) {
    refuse("gan.label", "a label or flip probability outside [0, 1]", "0 to 1",
           "change the recipe's label smoothing and flips");
  }
}

// E cross-entropy(sigmoid(l), t) where t is `target`, or `other` for flipped samples.
// softplus(l) - t l never overflows.
at::Tensor cross_entropy(const at::Tensor& logits, double target, double other,
                         double flip_probability, Stream* random) {
  if (flip_probability > 0) {
    const at::Tensor flipped =
        random->bernoulli(logits.sizes(), flip_probability).to(logits.options());
    return (at::softplus(logits) - (target + flipped * (other - target)) * logits).mean();
  }
  if (target == 0) return at::softplus(logits).mean();
  if (target == 1) return at::softplus(-logits).mean();
  return (at::softplus(logits) - target * logits).mean();
}

at::Tensor squares(const at::Tensor& logits, double target) {
  return 0.5 * (logits - target).square().mean();
}

// E relu(m - signed_logits).
at::Tensor hinge(const at::Tensor& signed_logits, double margin_low, Stream* random) {
  if (margin_low == 1) return at::relu(1 - signed_logits).mean();
  const at::Tensor margin =
      random->uniform(signed_logits.sizes(), margin_low, 1).to(signed_logits.options());
  return at::relu(margin - signed_logits).mean();
}

// What D pays when these logits belong to reals, and when they belong to fakes.
at::Tensor loss_of_real(const Objective& o, const at::Tensor& logits, Stream* random) {
  switch (o.loss) {
    case Adversarial::kMinimax:
    case Adversarial::kNonSaturating:
      return cross_entropy(logits, o.real, o.fake, o.flip_probability, random);
    case Adversarial::kLeastSquares:
      return squares(logits, o.real);
    case Adversarial::kHinge:
      return hinge(logits, o.hinge_margin_low, random);
    case Adversarial::kWasserstein:
      return -logits.mean();
  }
  throw Error({.where = "loss::discriminator", .found = "an unknown adversarial loss"});
}

at::Tensor loss_of_fake(const Objective& o, const at::Tensor& logits, Stream* random) {
  switch (o.loss) {
    case Adversarial::kMinimax:
    case Adversarial::kNonSaturating:
      return cross_entropy(logits, o.fake, o.real, o.flip_probability, random);
    case Adversarial::kLeastSquares:
      return squares(logits, o.relative == Relative::kNone ? o.fake : -o.real);
    case Adversarial::kHinge:
      return hinge(-logits, o.hinge_margin_low, random);
    case Adversarial::kWasserstein:
      return logits.mean();
  }
  throw Error({.where = "loss::discriminator", .found = "an unknown adversarial loss"});
}

Logits relate(const Objective& o, const at::Tensor& real, const at::Tensor& fake) {
  switch (o.relative) {
    case Relative::kNone:
      break;
    case Relative::kPaired:
      if (real.sizes() != fake.sizes()) {
        throw Error({.where = "loss: paired logits",
                     .found = "different numbers of reals and fakes",
                     .remedy = "as many fakes as reals, or relative = average"});
      }
      return {real - fake, fake - real};
    case Relative::kAverage:
      return {real - fake.mean(), fake - real.mean()};
  }
  return {real, fake};
}

// G wants what D wants with the parts exchanged, without D's smoothing and flips.
at::Tensor relative_generator(const Objective& o, const at::Tensor& fake, const at::Tensor& real) {
  Objective plain(o.loss);
  plain.relative = o.relative;
  if (o.loss == Adversarial::kLeastSquares) plain.real = o.real;
  if (o.loss == Adversarial::kMinimax) return -discriminator(plain, real, fake);
  return discriminator(plain, fake, real);
}

}  // namespace

std::vector<std::pair<const char*, Adversarial>> enum_names(Adversarial) {
  return {{"minimax", Adversarial::kMinimax},
          {"non_saturating", Adversarial::kNonSaturating},
          {"logistic", Adversarial::kNonSaturating},
          {"least_squares", Adversarial::kLeastSquares},
          {"hinge", Adversarial::kHinge},
          {"wasserstein", Adversarial::kWasserstein}};
}

std::vector<std::pair<const char*, Relative>> enum_names(Relative) {
  return {
      {"none", Relative::kNone}, {"paired", Relative::kPaired}, {"average", Relative::kAverage}};
}

void check(const Objective& objective) {
  check_labels(objective);
  const double low = objective.hinge_margin_low;
  if (low == 1 || (objective.loss == Adversarial::kHinge && is_probability(low))) return;
  refuse("gan.hinge_margin_low", "a random margin that this loss cannot use",
         "0 to 1 with the loss hinge", "--set gan.loss=hinge, or leave it out");
}

at::Tensor discriminator(const Objective& objective, const at::Tensor& real_logits,
                         const at::Tensor& fake_logits, Stream* random) {
  check(objective);
  const bool draws = objective.flip_probability > 0 || objective.hinge_margin_low < 1;
  if (draws && random == nullptr) {
    throw Error({.where = "loss::discriminator",
                 .found = "label flips or random margins without a random stream",
                 .remedy = "pass step.random()"});
  }
  const auto [real, fake] = relate(objective, real_logits, fake_logits);
  at::Tensor loss = loss_of_real(objective, real, random);
  // A pair is one statement: seen from the fake it says the same again.
  if (objective.relative == Relative::kPaired) return loss;
  return loss + loss_of_fake(objective, fake, random);
}

at::Tensor discriminator(Adversarial kind, const at::Tensor& real_logits,
                         const at::Tensor& fake_logits, const Labels& labels, Stream* random) {
  Objective objective(kind);
  static_cast<Labels&>(objective) = labels;
  return discriminator(objective, real_logits, fake_logits, random);
}

at::Tensor generator(const Objective& objective, const at::Tensor& fake_logits,
                     const at::Tensor& real_logits) {
  if (needs_reals(objective)) {
    if (real_logits.defined()) return relative_generator(objective, fake_logits, real_logits);
    throw Error({.where = "loss::generator",
                 .found = "a relative loss without the logits of reals",
                 .remedy = "ask needs_reals() and pass them"});
  }
  switch (objective.loss) {
    case Adversarial::kMinimax:
      return -cross_entropy(fake_logits, 1 - objective.generator, 0, 0, nullptr);
    case Adversarial::kNonSaturating:
      return cross_entropy(fake_logits, objective.generator, 0, 0, nullptr);
    case Adversarial::kLeastSquares:
      return squares(fake_logits, objective.generator);
    case Adversarial::kHinge:
    case Adversarial::kWasserstein:
      return -fake_logits.mean();
  }
  throw Error({.where = "loss::generator", .found = "an unknown adversarial loss"});
}

at::Tensor accuracy(const at::Tensor& real_logits, const at::Tensor& fake_logits,
                    double threshold) {
  const at::NoGradGuard no_grad;
  const at::Tensor right = (real_logits > threshold).sum() + (fake_logits <= threshold).sum();
  return right.to(at::kFloat) / static_cast<double>(real_logits.numel() + fake_logits.numel());
}

at::Tensor accuracy(const Objective& objective, const at::Tensor& real_logits,
                    const at::Tensor& fake_logits) {
  const at::NoGradGuard no_grad;
  const auto [real, fake] = relate(objective, real_logits, fake_logits);
  if (needs_reals(objective)) return accuracy(real, fake, 0.0);
  if (objective.loss == Adversarial::kWasserstein) return {};
  const bool squared = objective.loss == Adversarial::kLeastSquares;
  return accuracy(real, fake, squared ? (objective.real + objective.fake) / 2 : 0.0);
}

}  // namespace ganymede::loss
