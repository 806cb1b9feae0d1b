// 3D-GAN's published networks for 64^3 voxels, batch 8; D never rests, so that every step is alike.
#include "bench/workload.h"

namespace ganymede::bench {
namespace {

const bool added = add_workload("gan3d_64", [] {
  const SampleSpec spec{.domain = "voxels", .shape = {1, 64, 64, 64}};
  return std::make_unique<TrainingWorkload>(
      train::make_gan("gan3d", {"gan.accuracy_limit=1.0"}, spec), adam(2e-4, 0.5, 0.999),
      /*batch=*/8);
});

}  // namespace
}  // namespace ganymede::bench
