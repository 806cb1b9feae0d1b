// Adversarial losses as data: any gan names one. Pure functions of logits.
#pragma once

#include <ATen/core/Tensor.h>

#include <utility>
#include <vector>

#include "ganymede/core/random.h"

namespace ganymede::loss {

// D maximises its value; all forms below are written as losses to minimise. l = logit.
//   minimax         D: E softplus(-l_r) + E softplus(l_f);  G: -E softplus(l_f)    (Goodfellow
//   2014, eq. 1) non_saturating  D: the same;                            G: E softplus(-l_f)
//   (Goodfellow 2014, sec. 3) least_squares   D: 1/2 E(l_r-1)^2 + 1/2 E l_f^2;        G: 1/2
//   E(l_f-1)^2      (Mao 2017, arXiv 1611.04076) hinge           D: E relu(1-l_r) + E relu(1+l_f);
//   G: -E l_f              (Lim & Ye 2017, arXiv 1705.02894) wasserstein     D: -E l_r + E l_f; G:
//   -E l_f              (Arjovsky 2017, arXiv 1701.07875)
enum class Adversarial { kMinimax, kNonSaturating, kLeastSquares, kHinge, kWasserstein };

// Names in recipes (found by config::Schema).
std::vector<std::pair<const char*, Adversarial>> enum_names(Adversarial);

// Targets of the cross-entropy forms. One-sided smoothing: real = 0.9 (Salimans 2016,
// arXiv 1606.03498). Flips swap a sample's target with the given probability.
struct Labels {
  double real = 1.0;
  double fake = 0.0;
  double flip_probability = 0.0;
};

// Logits float32 of any shape; returns a scalar. Labels other than the default need minimax or
// non_saturating (UsageError otherwise); flips draw from `random`.
at::Tensor discriminator(Adversarial kind, const at::Tensor& real_logits,
                         const at::Tensor& fake_logits, const Labels& labels = {},
                         Stream* random = nullptr);
at::Tensor generator(Adversarial kind, const at::Tensor& fake_logits);

// Share of all samples on their side of `threshold`: reals above, fakes not above (scalar float32,
// no gradient).
at::Tensor accuracy(const at::Tensor& real_logits, const at::Tensor& fake_logits,
                    double threshold = 0.0);

}  // namespace ganymede::loss
