// DCGAN at 64 px: pytorch/examples/dcgan (nz 100, ngf = ndf = 64), batch 64.
#include "bench/workload.h"

namespace ganymede::bench {
namespace {

const bool added = add_workload("dcgan64", [] {
  const SampleSpec spec{.domain = "image", .shape = {3, 64, 64}};
  return std::make_unique<TrainingWorkload>(train::make_gan("dcgan", {}, spec),
                                            adam(2e-4, 0.5, 0.999), /*batch=*/64);
});

}  // namespace
}  // namespace ganymede::bench
