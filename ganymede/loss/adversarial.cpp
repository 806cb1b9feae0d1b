#include "ganymede/loss/adversarial.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "ganymede/core/error.h"

namespace ganymede::loss {
namespace {

bool is_cross_entropy(Adversarial kind) {
  return kind == Adversarial::kMinimax || kind == Adversarial::kNonSaturating;
}

bool is_probability(double value) { return value >= 0 && value <= 1; }

[[noreturn]] void refuse(std::string found, std::string allowed) {
  throw UsageError({.where = "loss labels",
                    .found = std::move(found),
                    .allowed = std::move(allowed),
                    .remedy = "change the recipe's label smoothing and flips"});
}

void check_labels(Adversarial kind, const Labels& labels, const Stream* random) {
  const bool usual = labels.real == 1.0 && labels.fake == 0.0 && labels.flip_probability == 0.0;
  if (!usual && !is_cross_entropy(kind)) {
    refuse("smoothed or flipped labels with a loss that has no labels",
           "the losses minimax and non_saturating");
  }
  if (!is_probability(labels.real) || !is_probability(labels.fake) ||
      !is_probability(labels.flip_probability)) {
    refuse("a label or flip probability outside [0, 1]", "0 to 1");
  }
  if (labels.flip_probability > 0 && random == nullptr) {
    throw Error({.where = "loss::discriminator",
                 .found = "label flips without a random stream",
                 .remedy = "pass step.random()"});
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

}  // namespace

std::vector<std::pair<const char*, Adversarial>> enum_names(Adversarial) {
  return {{"minimax", Adversarial::kMinimax},
          {"non_saturating", Adversarial::kNonSaturating},
          {"least_squares", Adversarial::kLeastSquares},
          {"hinge", Adversarial::kHinge},
          {"wasserstein", Adversarial::kWasserstein}};
}

at::Tensor discriminator(Adversarial kind, const at::Tensor& real_logits,
                         const at::Tensor& fake_logits, const Labels& labels, Stream* random) {
  check_labels(kind, labels, random);
  switch (kind) {
    case Adversarial::kMinimax:
    case Adversarial::kNonSaturating: {
      const double flip = labels.flip_probability;
      const at::Tensor real = cross_entropy(real_logits, labels.real, labels.fake, flip, random);
      return real + cross_entropy(fake_logits, labels.fake, labels.real, flip, random);
    }
    case Adversarial::kLeastSquares:
      return 0.5 * (real_logits - 1).square().mean() + 0.5 * fake_logits.square().mean();
    case Adversarial::kHinge:
      return at::relu(1 - real_logits).mean() + at::relu(1 + fake_logits).mean();
    case Adversarial::kWasserstein:
      return fake_logits.mean() - real_logits.mean();
  }
  throw Error({.where = "loss::discriminator", .found = "an unknown adversarial loss"});
}

at::Tensor generator(Adversarial kind, const at::Tensor& fake_logits) {
  switch (kind) {
    case Adversarial::kMinimax:
      return -at::softplus(fake_logits).mean();
    case Adversarial::kNonSaturating:
      return at::softplus(-fake_logits).mean();
    case Adversarial::kLeastSquares:
      return 0.5 * (fake_logits - 1).square().mean();
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

}  // namespace ganymede::loss
