// pix2pix at 256 px with the published networks, batch 1: a step of D (70x70 patches), then of the
// U-Net. Without dropout, whose random masks the two sides could not share.
#include "bench/workload.h"

namespace ganymede::bench {
namespace {

const bool added = add_workload("pix2pix_unet256", [] {
  SampleSpec spec{.domain = "image", .shape = {3, 256, 256}};
  spec.given = {{.domain = "image", .shape = {3, 256, 256}}};
  return std::make_unique<TrainingWorkload>(
      train::make_gan("pix2pix", {"gan.dropout=0.0", "gan.loss=non_saturating"}, spec),
      adam(2e-4, 0.5, 0.999), /*batch=*/1);
});

}  // namespace
}  // namespace ganymede::bench
