// A run's own discriminator as feature network, for gan evaluate and gan compare.
#pragma once

#include <memory>
#include <string>

#include "ganymede/metrics/feature_net.h"

namespace ganymede::cli {

// "discriminator:RUN" -> what the last layer of RUN's discriminator sees, named "discriminator"
// with the SHA-256 of its weights; nothing for other texts. For watching a training: it is biased
// to its own generator. Throws what infer::Critic::load does.
std::shared_ptr<const metrics::FeatureNet> critic_feature_net(const std::string& features,
                                                              const std::string& device);

}  // namespace ganymede::cli
