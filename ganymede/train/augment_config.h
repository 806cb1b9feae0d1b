// [augment]: what D's samples pass in training, so that few reals last longer.
#pragma once

#include <string>
#include <vector>

#include "ganymede/config/schema.h"

namespace ganymede::train {

enum class AugmentKind { kNone, kDiffAugment, kAda };
std::vector<std::pair<const char*, AugmentKind>> enum_names(AugmentKind);

struct AugmentConfig {
  AugmentKind kind = AugmentKind::kNone;
  std::vector<std::string> policy = {};  // empty: the kind's usual one
  double p = 0;                          // ada: at the start; kimg = 0: always
  double target = 0.6;                   // ada: wanted mean sign of D's output for reals
  double kimg = 500;                     // ada: from p 0 to 1 at the fastest; 0: p stays
  int64_t interval = 4;                  // steps from one look at the sign to the next
  static void describe(config::Schema<AugmentConfig>& schema);
};

}  // namespace ganymede::train
