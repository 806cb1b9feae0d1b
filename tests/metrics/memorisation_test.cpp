#include "ganymede/metrics/memorisation.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <numeric>
#include <string>
#include <vector>

#include "ganymede/core/error.h"
#include "ganymede/core/random.h"
#include "ganymede/data/dataset.h"
#include "tests/golden/metrics_golden.h"

namespace ganymede::metrics {
namespace {

at::Tensor normals(int64_t rows, int64_t columns, uint64_t seed) {
  return Stream(seed, "memorisation").normal({rows, columns});
}

// Each fake is a training sample with noise.
at::Tensor copies(const at::Tensor& train, int64_t count, double noise, uint64_t seed) {
  const at::Tensor which = Stream(seed, "copied").integers({count}, 0, train.size(0));
  return train.index_select(0, which) + noise * normals(count, train.size(1), seed + 1000);
}

TEST(Memorisation, EqualsBruteForceInPython) {
  const auto& golden = golden::metric_numbers("memorisation");
  for (const std::string name : {"different", "copy", "half_copies", "collapsed"}) {
    const auto [real, fake] = golden::neighbour_pair(name);
    const Memorisation found = memorisation(real, fake);
    EXPECT_DOUBLE_EQ(found.copies, golden[name]["copies"]) << name;
    EXPECT_NEAR(found.median_ratio, golden[name]["median"], 1e-12) << name;
    EXPECT_EQ(found.authentic, golden::metric_numbers("authentic")[name]) << name;
    EXPECT_EQ(found.flagged, name == "copy" || name == "half_copies") << name;
  }
  const auto [real, fake] = golden::neighbour_pair("half_copies");
  const Memorisation doubled = memorisation(at::cat({real, real.slice(0, 0, 50)}), fake);
  EXPECT_DOUBLE_EQ(doubled.copies, golden["doubled train"]["copies"]);
  EXPECT_NEAR(doubled.median_ratio, golden["doubled train"]["median"], 1e-12);
  EXPECT_DOUBLE_EQ(doubled.unseen_copies, golden["leave one out"]["copies"]);
  EXPECT_NEAR(doubled.unseen_median_ratio, golden["leave one out"]["median"], 1e-12);
}

TEST(Memorisation, SixteenSamplesRepeatedAreFlagged) {
  const at::Tensor train = normals(16, 24, 1);
  for (const double noise : {0.0, 1e-3, 0.1, 0.3}) {
    const Memorisation found = memorisation(train, copies(train, 400, noise, 2));
    EXPECT_TRUE(found.flagged) << noise;
    EXPECT_GT(found.copies, 0.5) << noise;
    EXPECT_LT(found.authentic, 0.01) << noise;
  }
  EXPECT_TRUE(memorisation(train, copies(train, 400, 0.01, 3), normals(200, 24, 4)).flagged);
  // A few copies among honest samples are still seen.
  const at::Tensor some = at::cat({normals(950, 24, 5), copies(train, 50, 0.01, 6)});
  EXPECT_TRUE(memorisation(train, some, normals(1000, 24, 14)).flagged);
}

TEST(Memorisation, IndependentSamplesAreNot) {
  const at::Tensor train = normals(10000, 24, 7);
  const Memorisation found = memorisation(train, normals(500, 24, 8), normals(500, 24, 9));
  EXPECT_FALSE(found.flagged);
  EXPECT_EQ(found.copies, 0);
  EXPECT_NEAR(found.median_ratio, found.unseen_median_ratio, 0.02);
  EXPECT_FALSE(memorisation(normals(16, 24, 10), normals(400, 24, 11)).flagged);
}

// In few dimensions the nearest is often far nearer than the second by chance: 3^-dim.
TEST(Memorisation, ChanceInTwoDimensionsIsNotFlagged) {
  const at::Tensor train = normals(3000, 2, 15);
  const at::Tensor fake = normals(3000, 2, 16);
  for (const at::Tensor& holdout : {at::Tensor(), normals(3000, 2, 17)}) {
    const Memorisation found = memorisation(train, fake, holdout);
    EXPECT_FALSE(found.flagged);
    EXPECT_NEAR(found.copies, 1.0 / 9, 0.03);  // five standard errors of 3,000 samples
    EXPECT_NEAR(found.unseen_copies, 1.0 / 9, 0.03);
  }
}

at::Tensor digits(const std::string& split, int64_t first, int64_t count) {
  data::DataConfig config;
  config.path = "digits";
  config.split = split;
  std::vector<int64_t> indices(static_cast<size_t>(count));
  std::iota(indices.begin(), indices.end(), first);
  return data::read_batch(*data::open_dataset(config), indices).samples.flatten(1);
}

// In pixels: noise of a tenth of the range, and honest digits against as many as a run has.
TEST(MemorisationLongDigits, CopiesOf16AreFlaggedAndNewOnesAgainst10000AreNot) {
  const at::Tensor few = digits("train", 0, 16);
  EXPECT_TRUE(memorisation(few, copies(few, 200, 0.1, 18)).flagged);
  EXPECT_FALSE(memorisation(few, digits("test", 0, 200)).flagged);
  const at::Tensor many = digits("train", 0, 10000);
  const Memorisation honest = memorisation(many, digits("test", 0, 300), digits("test", 300, 300));
  EXPECT_FALSE(honest.flagged);
  EXPECT_LT(honest.copies, 0.01);
}

// AuthPct takes a collapsed generator for a copying one.
TEST(Memorisation, ACollapsedGeneratorIsNotTakenForACopier) {
  const at::Tensor train = normals(2000, 24, 12);
  const Memorisation found = memorisation(train, 0.05 * normals(1000, 24, 13));
  EXPECT_EQ(found.authentic, 0);
  EXPECT_EQ(found.copies, 0);
  EXPECT_FALSE(found.flagged);
}

TEST(Memorisation, NamesTheNearestTrainingSample) {
  const at::Tensor train = at::tensor({0.0, 0.0, 5.0, 9.0}).view({4, 1});
  const Memorisation found = memorisation(train, at::tensor({4.0, 8.0, 1.0}).view({3, 1}));
  EXPECT_TRUE(found.nearest.equal(at::tensor({2, 3, 0}, at::kLong)));
  EXPECT_TRUE(found.distances.equal(at::ones({3}, at::kDouble)));
  EXPECT_THROW(memorisation(train.slice(0, 0, 3), train), UsageError);
  EXPECT_THROW(memorisation(train, at::zeros({3, 2})), UsageError);
}

}  // namespace
}  // namespace ganymede::metrics
