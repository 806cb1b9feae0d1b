#include "ganymede/metrics/solids.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "ganymede/core/error.h"
#include "ganymede/core/random.h"

namespace ganymede::metrics {
namespace {

at::Tensor empty_solids(int64_t count) { return at::zeros({count, 1, 8, 8, 8}); }

// A block of 8^3 with a box of `size` voxels at (x, 1, 2).
at::Tensor box(int64_t x, int64_t size) {
  at::Tensor solid = empty_solids(1);
  solid[0][0].slice(0, x, x + size).slice(1, 1, 3).slice(2, 2, 4).fill_(0.9);
  return solid;
}

TEST(Solids, OverlapIsIntersectionOverUnion) {
  const at::Tensor overlap =
      solid_overlap(at::cat({box(0, 3), empty_solids(1)}),
                    at::cat({box(0, 3), box(1, 3), box(4, 2), empty_solids(1)}));
  ASSERT_EQ(overlap.sizes(), (at::IntArrayRef{2, 4}));
  EXPECT_FLOAT_EQ(overlap[0][0].item<float>(), 1);
  EXPECT_FLOAT_EQ(overlap[0][1].item<float>(), 0.5F);  // 2 of 4 slices
  EXPECT_FLOAT_EQ(overlap[0][2].item<float>(), 0);
  EXPECT_FLOAT_EQ(overlap[1][2].item<float>(), 0);
  EXPECT_FLOAT_EQ(overlap[1][3].item<float>(), 1) << "two empty solids";
}

TEST(Solids, PartsTouchByFacesOnly) {
  at::Tensor solids = at::cat({box(0, 2) + box(5, 1), empty_solids(1), at::ones({1, 1, 8, 8, 8})});
  solids[1][0][0][0][0] = 1;
  solids[1][0][1][1][0] = 1;  // touches by an edge: another part
  const SolidStatistics found = solid_statistics(solids);
  EXPECT_DOUBLE_EQ(found.volume[0].item<double>(), 12.0 / 512);
  EXPECT_EQ(found.parts[0].item<double>(), 2);
  EXPECT_DOUBLE_EQ(found.largest[0].item<double>(), 8.0 / 12);
  EXPECT_EQ(found.parts[1].item<double>(), 2);
  EXPECT_EQ(found.parts[2].item<double>(), 1);
  EXPECT_EQ(found.volume[2].item<double>(), 1);
  const SolidStatistics none = solid_statistics(empty_solids(1));
  EXPECT_EQ(none.parts[0].item<double>(), 0);
  EXPECT_EQ(none.largest[0].item<double>(), 0);
}

TEST(Solids, VarietyOfCopiesAndOfOneObject) {
  const at::Tensor reals = (Stream(3, "solids").uniform({12, 1, 8, 8, 8}) > 0.5).to(at::kFloat);
  const SolidVariety copies = solid_variety(reals, reals);
  EXPECT_EQ(copies.coverage, 1);
  EXPECT_EQ(copies.matching, 1);
  EXPECT_EQ(copies.neighbour_accuracy, 0) << "everyone's nearest is its copy";
  const SolidVariety one = solid_variety(reals.slice(0, 0, 1).expand({12, 1, 8, 8, 8}), reals);
  EXPECT_NEAR(one.coverage, 1.0 / 12, 1e-6);
  EXPECT_LT(one.matching, 0.6);
  EXPECT_THROW(solid_variety(reals.slice(0, 0, 3), reals), UsageError);
}

TEST(Solids, OtherShapesAreRefused) {
  EXPECT_THROW(solid_overlap(at::zeros({2, 3, 8, 8}), at::zeros({2, 3, 8, 8})), UsageError);
  EXPECT_THROW(solid_statistics(at::zeros({0, 1, 8, 8, 8})), UsageError);
}

}  // namespace
}  // namespace ganymede::metrics
