// Adversarial losses as data: any gan names one. Pure functions of logits.
//
// D maximises its value; all forms are written as losses to minimise. l_r, l_f are the logits of
// reals and fakes, softplus(x) = log(1 + e^x).
//
//   minimax         D: E softplus(-l_r) + E softplus(l_f)       G: -E softplus(l_f)
//                   Goodfellow 2014, arXiv 1406.2661, eq. 1
//   non_saturating  D: the same                                 G: E softplus(-l_f)
//                   Goodfellow 2014, sec. 3; "logistic" is its name in the StyleGAN papers
//   least_squares   D: 1/2 E(l_r - b)^2 + 1/2 E(l_f - a)^2      G: 1/2 E(l_f - c)^2
//                   Mao 2017, arXiv 1611.04076, eq. 2
//   hinge           D: E relu(m - l_r) + E relu(m + l_f)        G: -E l_f
//                   Lim & Ye 2017, arXiv 1705.02894; Miyato 2018, arXiv 1802.05957, eq. 16
//   wasserstein     D: -E l_r + E l_f                           G: -E l_f
//                   Arjovsky 2017, arXiv 1701.07875
#pragma once

#include <ATen/core/Tensor.h>

#include <utility>
#include <vector>

#include "ganymede/core/random.h"

namespace ganymede::loss {

enum class Adversarial { kMinimax, kNonSaturating, kLeastSquares, kHinge, kWasserstein };

// Names in recipes (found by config::Schema).
std::vector<std::pair<const char*, Adversarial>> enum_names(Adversarial);

// What a sample is judged against: nothing, one sample of the other kind, or the mean of the other
// kind (Jolicoeur-Martineau 2018, arXiv 1807.00734). With F the base loss of "real" and F' that of
// "fake", as functions of a logit:
//   paired   D: E F(l_r - l_f)                                  G: E F(l_f - l_r)
//   average  D: E F(l_r - E l_f) + E F'(l_f - E l_r)            G: the same with r and f exchanged
// With minimax G's loss is minus D's. Least squares then aims at b and -b.
enum class Relative { kNone, kPaired, kAverage };
std::vector<std::pair<const char*, Relative>> enum_names(Relative);

// Targets of the cross-entropy forms and of least squares (b, a, c). One-sided smoothing: real =
// 0.9 (Salimans 2016, arXiv 1606.03498). Flips swap a sample's target with the given probability.
struct Labels {
  double real = 1.0;
  double fake = 0.0;
  double flip_probability = 0.0;
  double generator = 1.0;  // what G wants its fakes to be taken for
};

// A whole game of logits. Any Adversarial is one.
struct Objective : Labels {
  // A bare loss is a game: calls name one where a whole objective may stand.
  // NOLINTNEXTLINE(google-explicit-constructor)
  Objective(Adversarial kind = Adversarial::kNonSaturating) : loss(kind) {}

  Adversarial loss;
  Relative relative = Relative::kNone;
  // Below 1: the hinge's margin m is drawn from U(this, 1) for every logit, as FastGAN does
  // (Liu 2021, arXiv 2101.04775).
  double hinge_margin_low = 1.0;
};

// Throws UsageError for labels, relations or margins that the loss cannot use, naming gan.<field>.
void check(const Objective& objective);

// Whether generator() wants the logits of reals.
inline bool needs_reals(const Objective& objective) {
  return objective.relative != Relative::kNone;
}

// Logits float32 of any shape; relative losses need the same number of reals and fakes when paired.
// Returns a scalar. Flips and margins draw from `random`. Throws what check() throws, and Error
// when something that is needed is missing.
at::Tensor discriminator(const Objective& objective, const at::Tensor& real_logits,
                         const at::Tensor& fake_logits, Stream* random = nullptr);
at::Tensor generator(const Objective& objective, const at::Tensor& fake_logits,
                     const at::Tensor& real_logits = {});

// The same for a loss with labels and nothing else.
at::Tensor discriminator(Adversarial kind, const at::Tensor& real_logits,
                         const at::Tensor& fake_logits, const Labels& labels,
                         Stream* random = nullptr);

// Share of all samples on their side of `threshold`: reals above, fakes not above (scalar float32,
// no gradient).
at::Tensor accuracy(const at::Tensor& real_logits, const at::Tensor& fake_logits,
                    double threshold = 0.0);
// The same on the side that this loss defines; undefined for Wasserstein's values without a zero.
at::Tensor accuracy(const Objective& objective, const at::Tensor& real_logits,
                    const at::Tensor& fake_logits);

}  // namespace ganymede::loss
