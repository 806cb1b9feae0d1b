// Whether generated rows give away which real rows a model learned from.
#pragma once

#include "ganymede/metrics/table/columns.h"

namespace ganymede::metrics {

struct MembershipAttack {
  double auc = 0;                 // 0.5: the attacker guesses
  double true_positive_rate = 0;  // at a false positive rate of 1 %; 0.01: the attacker guesses
};

// The attacker takes a row for a member when a generated row is close to it (closest_distances to
// `synthetic`; Chen et al. 2020, GAN-Leaks, arXiv 1909.03935, the full black-box attack).
// `members` were learned from, `others` are real rows that were not.
MembershipAttack membership_attack(const PlainTable& members, const PlainTable& others,
                                   const PlainTable& synthetic);

}  // namespace ganymede::metrics
