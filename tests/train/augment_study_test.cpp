// Generated samples help a classifier when they tell more of the classes, and harm when they lie.
#include "ganymede/train/augment_study.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "ganymede/core/error.h"
#include "ganymede/core/random.h"
#include "ganymede/data/tensor_data.h"

namespace ganymede::train {
namespace {

const SampleSpec kSpec{.domain = "image", .shape = {1, 8, 8}, .classes = 2};

// Class k lights the left or right half a little; the rest is noise.
Batch halves(int64_t count, uint64_t seed, bool lie = false) {
  Stream random(seed, "halves");
  at::Tensor samples = random.normal({count, 1, 8, 8}) * 0.5;
  const at::Tensor labels = at::arange(count, at::kLong).remainder(2);
  for (int64_t i = 0; i < count; ++i) samples[i].narrow(2, 4 * (i % 2), 4) += 0.12;
  return {samples.clamp(-1, 1), lie ? 1 - labels : labels};
}

TEST(AugmentStudy, MoreOfTheTruthHelpsAndLiesHarm) {
  const AugmentStudyConfig config{.repeats = 1, .kimg = 0.8};
  const Batch real = halves(24, 1), test = halves(400, 2);
  const auto helped = augment_study(kSpec, real, halves(400, 3), test, config);
  const auto harmed = augment_study(kSpec, real, halves(400, 3, true), test, config);
  ASSERT_EQ(helped.size(), 2u);
  EXPECT_EQ(helped[0].real.size(), 1u);
  EXPECT_GT(helped[0].gain(), 0.02);
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(helped[i].real, harmed[i].real) << "the reals alone are the same experiment";
    EXPECT_LT(harmed[i].gain(), -0.1);
    EXPECT_NEAR(helped[i].gain(), helped[i].mean_both() - helped[i].mean_real(), 1e-12);
  }
}

TEST(AugmentStudy, TheErrorIsThatOfPairs) {
  const AugmentStudyRow row{"x", {0.5, 0.6, 0.7}, {0.6, 0.7, 0.8}};
  EXPECT_NEAR(row.gain(), 0.1, 1e-12);
  EXPECT_NEAR(row.standard_error(), 0, 1e-12);
  const AugmentStudyRow spread{"x", {0.5, 0.5}, {0.5, 0.7}};
  EXPECT_NEAR(spread.standard_error(), 0.1, 1e-12);
}

TEST(AugmentStudy, RefusesWhatHasNoClasses) {
  const Batch real = halves(24, 1);
  EXPECT_THROW(augment_study(kSpec, real, {real.samples, {}}, real, {}), UsageError);
  EXPECT_THROW(
      augment_study({.domain = "image", .shape = {1, 8, 8}, .classes = 1}, real, real, real, {}),
      UsageError);
}

TEST(TensorData, GivesBackWhatItHolds) {
  const Batch batch = halves(6, 1);
  const data::TensorData set(kSpec, batch, "test");
  const Batch read = data::read_batch(set, {5, 0});
  EXPECT_TRUE(at::equal(read.samples[0], batch.samples[5]));
  EXPECT_EQ(set.label(3), 1);
  EXPECT_EQ(data::TensorData(kSpec, {batch.samples, {}}, "test").label(3), -1);
  EXPECT_NE(set.fingerprint(), data::TensorData(kSpec, halves(6, 2), "test").fingerprint());
  EXPECT_THROW(data::TensorData(kSpec, {at::zeros({3, 1, 8, 7}), {}}, "test"), UsageError);
}

}  // namespace
}  // namespace ganymede::train
