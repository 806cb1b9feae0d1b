// CycleGAN at 256 px with the published networks, batch 1: both generators of nine blocks with
// cycle and identity, then both discriminators, with their pools.
#include "bench/workload.h"

namespace ganymede::bench {
namespace {

const bool added = add_workload("cyclegan_resnet9", [] {
  SampleSpec spec{.domain = "image", .shape = {3, 256, 256}};
  spec.given = {{.domain = "image", .shape = {3, 256, 256}}};
  return std::make_unique<TrainingWorkload>(train::make_gan("cyclegan", {}, spec),
                                            adam(2e-4, 0.5, 0.999), /*batch=*/1);
});

}  // namespace
}  // namespace ganymede::bench
