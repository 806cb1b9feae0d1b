#include "ganymede/train/augment_config.h"

namespace ganymede::train {

std::vector<std::pair<const char*, AugmentKind>> enum_names(AugmentKind) {
  return {{"none", AugmentKind::kNone},
          {"diffaugment", AugmentKind::kDiffAugment},
          {"ada", AugmentKind::kAda}};
}

void AugmentConfig::describe(config::Schema<AugmentConfig>& s) {
  s.field("kind", &AugmentConfig::kind,
          "what every image on its way into D passes in training (docs/augmentation.md)");
  s.field("policy", &AugmentConfig::policy,
          "diffaugment: color, translation, cutout (all by default); ada: blit, geometry, color "
          "(by default), noise, cutout")
      .one_of({"color", "translation", "cutout", "blit", "geometry", "noise"});
  s.field("p", &AugmentConfig::p, "ada: probability of each operation at the start").range(0, 1);
  s.field("target", &AugmentConfig::target,
          "ada: p rises while the mean sign of D's output for reals is above this")
      .range(-1, 1);
  s.field("kimg", &AugmentConfig::kimg, "ada: in which p can go from 0 to 1; 0: p never changes")
      .at_least(0)
      .unit("kimg");
  s.field("interval", &AugmentConfig::interval, "ada: steps between looks at that sign")
      .range(1, 10000);
}

}  // namespace ganymede::train
