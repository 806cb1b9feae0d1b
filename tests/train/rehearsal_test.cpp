#include "ganymede/train/rehearsal.h"

#include <gtest/gtest.h>

#include "ganymede/core/error.h"

namespace ganymede::train {
namespace {

TEST(Rehearsal, TrainsAConfiguredGanOfTheRegistry) {
  const SampleSpec spec{.domain = "points", .shape = {2}};
  Rehearsal rehearsal(
      make_gan("wgan_gp", {"gan.latent_dim=3", "gan.mlp_units=[8]", "gan.critic_steps=2"}, spec),
      {}, /*batch=*/4);
  EXPECT_EQ(rehearsal.gan().latent().dim, 3);
  EXPECT_TRUE(rehearsal.trainer().step());
  EXPECT_EQ(rehearsal.trainer().steps(), 1);
  EXPECT_DOUBLE_EQ(rehearsal.trainer().kimg(), 0.008);  // two critic steps of four samples
}

TEST(Rehearsal, UnknownNamesAreRefused) {
  const SampleSpec spec{.domain = "points", .shape = {2}};
  EXPECT_THROW(make_gan("wgan_gpp", {}, spec), UsageError);
  EXPECT_THROW(make_gan("wgan_gp", {"gan.latent_dims=3"}, spec), UsageError);
}

}  // namespace
}  // namespace ganymede::train
