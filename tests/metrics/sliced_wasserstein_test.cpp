// Sliced Wasserstein distance against SciPy and numpy with the same patches and directions
// (tests/golden/image_metrics.py), and what it says of sets whose difference is known.
#include "ganymede/metrics/sliced_wasserstein.h"

#include <gtest/gtest.h>

#include "formula_pictures.h"
#include "ganymede/core/error.h"
#include "ganymede/core/random.h"
#include "tests/golden/summary.h"

namespace ganymede::metrics {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace)

constexpr int64_t kPatches = 8;
constexpr int64_t kDirections = 40;

at::Tensor formula_corners(const at::Tensor& level, int64_t which) {
  const at::Tensor i = at::arange(level.size(0)).view({-1, 1});
  const at::Tensor p = at::arange(kPatches).view({1, -1});
  return at::stack({at::remainder(37 * p + 11 * i + 5 * which, level.size(2) - 6),
                    at::remainder(53 * p + 7 * i + 3 * which, level.size(3) - 6)},
                   2);
}

at::Tensor formula_directions(int64_t channels) {
  const at::Tensor d = golden::wave({channels * 49, kDirections}, 1, 1.3, 0.2);
  return d / d.square().sum(0, true).sqrt();
}

TEST(SlicedWasserstein, PyramidAndDistancesMatchScipy) {
  const auto table = golden::load("image_metrics.json");
  for (const auto& entry : table.at("wasserstein")) {
    SCOPED_TRACE(entry.dump());
    const auto shape = entry.at("shape").get<std::vector<int64_t>>();
    const auto real = laplacian_pyramid(pictures(shape)), fake = laplacian_pyramid(damaged(shape));
    ASSERT_EQ(real.size(), entry.at("sides").size());
    for (size_t l = 0; l < real.size(); ++l) {
      EXPECT_EQ(real[l].size(2), entry.at("sides")[l][0]);
      EXPECT_EQ(real[l].size(3), entry.at("sides")[l][1]);
      const double squares = entry.at("squares")[l];
      EXPECT_NEAR(real[l].square().mean().item<double>(), squares, 1e-10 * squares);
      const double distance = sliced_distance(
          patch_descriptors(real[l], formula_corners(real[l], 0)),
          patch_descriptors(fake[l], formula_corners(fake[l], 1)), formula_directions(shape[1]));
      EXPECT_NEAR(distance, entry.at("distances")[l], 1e-6);
    }
  }
}

// float32 noise around grey, each picture smoothed by `blur` passes of a 3 x 3 mean.
at::Tensor noise_pictures(int64_t count, int64_t side, int blur, uint64_t seed) {
  at::Tensor x = Stream(seed, "noise").normal({count, 3, side, side});
  for (int pass = 0; pass < blur; ++pass) x = at::avg_pool2d(x, 3, 1, 1) * 2;
  return (x * 40 + 128).clamp(0, 255).to(at::kByte);
}

TEST(SlicedWasserstein, LevelsThenTheirMean) {
  const std::vector<std::pair<int64_t, size_t>> levels = {{64, 3}, {28, 2}, {16, 1}, {9, 1}};
  for (const auto& [side, count] : levels) {
    const auto result =
        sliced_wasserstein(noise_pictures(4, side, 0, 1), noise_pictures(4, side, 0, 2), 5);
    ASSERT_EQ(result.size(), count + 1) << side;
    double sum = 0;
    for (size_t l = 0; l < count; ++l) sum += result[l];
    EXPECT_NEAR(result.back(), sum / static_cast<double>(count), 1e-9);
  }
}

TEST(SlicedWasserstein, AnotherDistributionIsFartherThanTheFloor) {
  const at::Tensor real = noise_pictures(40, 16, 0, 1);
  const double floor = sliced_wasserstein(real, noise_pictures(40, 16, 0, 2), 5).back();
  const at::Tensor patterned = pictures({40, 3, 16, 16});
  EXPECT_GT(floor, 0);
  EXPECT_LT(floor, 50);
  EXPECT_GT(sliced_wasserstein(real, patterned, 5).back(), 4 * floor);
}

// Patches are scaled to mean 0 and deviation 1, so a set in other contrast and brightness is equal.
TEST(SlicedWasserstein, ContrastDoesNotCount) {
  const at::Tensor level = noise_pictures(16, 16, 0, 1).to(at::kDouble);
  const at::Tensor corners = formula_corners(level, 0);
  const double distance =
      sliced_distance(patch_descriptors(level, corners),
                      patch_descriptors(level * 0.25 + 7, corners), formula_directions(3));
  EXPECT_LT(distance, 1e-6);
}

TEST(SlicedWasserstein, OneColourIsNoDivisionByZero) {
  const at::Tensor flat = at::full({4, 3, 16, 16}, 80, at::kByte);
  EXPECT_EQ(sliced_wasserstein(flat, flat, 1).back(), 0);
  EXPECT_GT(sliced_wasserstein(noise_pictures(4, 16, 0, 1), flat, 1).back(), 500);
}

TEST(SlicedWasserstein, SameForAnyNumberOfThreads) {
  const at::Tensor a = noise_pictures(9, 28, 0, 1), b = noise_pictures(9, 28, 1, 2);
  expect_equal_for_threads([&] { return sliced_wasserstein(a, b, 3); });
  EXPECT_NE(sliced_wasserstein(a, b, 3), sliced_wasserstein(a, b, 4));
}

TEST(SlicedWasserstein, RefusesWhatDoesNotFit) {
  const at::Tensor x = pictures({4, 3, 16, 16});
  EXPECT_THROW(sliced_wasserstein(x, pictures({5, 3, 16, 16}), 1), UsageError);
  EXPECT_THROW(sliced_wasserstein(x, x.to(at::kFloat), 1), UsageError);
  EXPECT_THROW(sliced_wasserstein(pictures({4, 1, 6, 16}), pictures({4, 1, 6, 16}), 1), UsageError);
}

}  // namespace
}  // namespace ganymede::metrics
