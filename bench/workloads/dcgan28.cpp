// DCGAN at 28 px: the networks of the PyTorch C++ tutorial, batch 64.
#include "bench/workload.h"

namespace ganymede::bench {
namespace {

const bool added = add_workload("dcgan28", [] {
  const SampleSpec spec{.domain = "image", .shape = {1, 28, 28}};
  return std::make_unique<TrainingWorkload>(train::make_gan("dcgan", {}, spec),
                                            adam(2e-4, 0.5, 0.999), /*batch=*/64);
});

}  // namespace
}  // namespace ganymede::bench
