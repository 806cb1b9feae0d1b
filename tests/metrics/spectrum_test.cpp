// Radial power spectra against numpy's FFT (tests/golden/image_metrics.py) and closed forms.
#include "ganymede/metrics/spectrum.h"

#include <gtest/gtest.h>

#include "formula_pictures.h"
#include "ganymede/core/error.h"
#include "tests/golden/summary.h"

namespace ganymede::metrics {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace)

TEST(Spectrum, MatchesNumpy) {
  const auto table = golden::load("image_metrics.json");
  for (const auto& entry : table.at("spectrum")) {
    SCOPED_TRACE(entry.dump());
    const auto shape = entry.at("shape").get<std::vector<int64_t>>();
    const auto power = radial_power_spectrum(pictures(shape));
    const auto expected = entry.at("power").get<std::vector<double>>();
    ASSERT_EQ(power.size(), expected.size());
    for (size_t k = 0; k < power.size(); ++k)
      EXPECT_NEAR(power[k], expected[k], 1e-12 * expected[k]) << k;
    EXPECT_NEAR(spectrum_distance(pictures(shape), damaged(shape)), entry.at("distance"), 1e-9);
  }
}

// A wave of amplitude A has |F|^2 / (H W)^2 = (A / 2)^2 at two of the frequencies of its ring.
TEST(Spectrum, AWaveIsOnePeak) {
  const at::Tensor x = at::arange(32, at::kDouble) * (2 * M_PI * 8 / 32);
  const at::Tensor row = (127.5 + 127.5 * at::cos(x)).round();
  const at::Tensor image = row.to(at::kByte).view({1, 1, 1, 32}).expand({1, 1, 32, 32});
  const auto power = radial_power_spectrum(image);
  ASSERT_EQ(power.size(), 17U);
  int ring = 0;  // frequencies that round to 8
  for (int v = -16; v < 16; ++v)
    for (int u = -16; u < 16; ++u) ring += std::lround(std::hypot(u, v)) == 8;
  EXPECT_NEAR(power[8], 2 * 0.25 * 0.25 / ring, 1e-5);
  EXPECT_NEAR(power[0], 0.25, 0.01);
  EXPECT_LT(power[5], 1e-8);
}

TEST(Spectrum, HalvedContrastIsSixDecibels) {
  const at::Tensor even = at::bitwise_and(pictures({4, 3, 16, 16}), 254);
  EXPECT_NEAR(spectrum_distance(even, at::bitwise_right_shift(even, 1)), 20 * std::log10(2.0),
              1e-9);
  EXPECT_EQ(spectrum_distance(even, even), 0);
}

TEST(Spectrum, UpsampledPicturesLackFineDetail) {
  const at::Tensor sharp = damaged({8, 1, 32, 32});
  const at::Tensor coarse = at::avg_pool2d(sharp.to(at::kFloat), 4);
  const at::Tensor soft = at::upsample_bilinear2d(coarse, {32, 32}, false).to(at::kByte);
  const auto a = radial_power_spectrum(sharp), b = radial_power_spectrum(soft);
  EXPECT_LT(b[14], a[14] / 10);
  EXPECT_GT(spectrum_distance(sharp, soft), 5);
}

TEST(Spectrum, BlankPicturesAreTakenAsQuantisationNoise) {
  const at::Tensor blank = at::zeros({2, 1, 16, 16}, at::kByte);
  EXPECT_EQ(spectrum_distance(blank, blank), 0);
  EXPECT_TRUE(std::isfinite(spectrum_distance(blank, pictures({2, 1, 16, 16}))));
}

TEST(Spectrum, SameForAnyNumberOfThreads) {
  const at::Tensor x = pictures({130, 3, 32, 32});
  expect_equal_for_threads([&] { return radial_power_spectrum(x); });
}

TEST(Spectrum, RefusesWhatDoesNotFit) {
  EXPECT_THROW(radial_power_spectrum(at::zeros({2, 16, 16}, at::kByte)), UsageError);
  EXPECT_THROW(spectrum_distance(pictures({2, 1, 16, 16}), pictures({2, 1, 16, 15})), UsageError);
  EXPECT_THROW(spectrum_distance(pictures({2, 1, 1, 9}), pictures({2, 1, 1, 9})), UsageError);
}

}  // namespace
}  // namespace ganymede::metrics
