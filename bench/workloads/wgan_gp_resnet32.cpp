// WGAN-GP on 32 px with the residual networks of the paper's appendix F (width 128), five critic
// steps for one of G, batch 64.
#include "bench/workload.h"

namespace ganymede::bench {
namespace {

const bool added = add_workload("wgan_gp_resnet32", [] {
  const SampleSpec spec{.domain = "image", .shape = {3, 32, 32}};
  return std::make_unique<TrainingWorkload>(
      train::make_gan("wgan_gp", {"gan.networks=residual", "gan.base_channels=128"}, spec),
      adam(2e-4, 0.0, 0.9), /*batch=*/64);
});

}  // namespace
}  // namespace ganymede::bench
