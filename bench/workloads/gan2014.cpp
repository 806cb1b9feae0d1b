// The game of 2014 on 28 x 28 pixels as an MLP that most tutorials train: 100-256-512-784 against
// 784-512-256-1, ReLU, Adam, batch 64. Without the paper's maxout and dropout, whose random masks
// the two sides could not share.
#include "bench/workload.h"

namespace ganymede::bench {
namespace {

const bool added = add_workload("gan2014", [] {
  const std::vector<std::string> sets = {
      "gan.latent=normal",      "gan.generator_units=[256, 512]",
      "gan.maxout_pieces=1",    "gan.discriminator_units=[512, 256]",
      "gan.input_keep=1.0",     "gan.hidden_keep=1.0",
      "gan.generator_init=0.0", "gan.discriminator_init=0.0",
      "gan.marginal_bias=false"};
  const SampleSpec spec{.domain = "image", .shape = {1, 28, 28}};
  return std::make_unique<TrainingWorkload>(train::make_gan("gan2014", sets, spec),
                                            adam(2e-4, 0.5, 0.999), /*batch=*/64);
});

}  // namespace
}  // namespace ganymede::bench
