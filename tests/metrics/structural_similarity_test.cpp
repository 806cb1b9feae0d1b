// PSNR, SSIM and MS-SSIM against scikit-image and SciPy (tests/golden/image_metrics.py), and
// against the figures everybody quotes for bicubic enlargement of Set5.
#include "ganymede/metrics/structural_similarity.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <limits>

#include "formula_pictures.h"
#include "ganymede/core/error.h"
#include "ganymede/media/codec.h"
#include "ganymede/media/resize.h"
#include "tests/golden/summary.h"

namespace ganymede::metrics {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace)

void expect_values(const at::Tensor& found, const nlohmann::json& expected, double tolerance) {
  const auto values = expected.get<std::vector<double>>();
  ASSERT_EQ(found.numel(), static_cast<int64_t>(values.size()));
  for (size_t i = 0; i < values.size(); ++i)
    EXPECT_NEAR(found[static_cast<int64_t>(i)].item<double>(), values[i], tolerance);
}

TEST(Fidelity, PsnrAndSsimMatchScikitImage) {
  const auto table = golden::load("image_metrics.json");
  for (const auto& entry : table.at("fidelity")) {
    SCOPED_TRACE(entry.dump());
    const auto shape = entry.at("shape").get<std::vector<int64_t>>();
    const FidelityOptions options{.border_px = entry.at("border"), .luma = entry.at("luma")};
    const at::Tensor a = pictures(shape), b = damaged(shape);
    expect_values(psnr_each(a, b, options), entry.at("psnr"), 1e-9);
    expect_values(ssim_each(a, b, options), entry.at("ssim"), 1e-9);
    EXPECT_NEAR(psnr(a, b, options), psnr_each(a, b, options).mean().item<double>(), 1e-12);
    EXPECT_NEAR(ssim(b, a, options), ssim_each(a, b, options).mean().item<double>(), 1e-12);
  }
}

TEST(Fidelity, MultiScaleMatchesItsDefinition) {
  const auto table = golden::load("image_metrics.json");
  for (const auto& entry : table.at("ms_ssim")) {
    SCOPED_TRACE(entry.dump());
    const auto shape = entry.at("shape").get<std::vector<int64_t>>();
    expect_values(ms_ssim_each(pictures(shape), damaged(shape)), entry.at("values"), 1e-9);
  }
}

TEST(Fidelity, ClosedForms) {
  const at::Tensor grey = at::full({2, 1, 16, 16}, 100, at::kByte);
  const at::Tensor lighter = at::full({2, 1, 16, 16}, 110, at::kByte);
  EXPECT_EQ(psnr(grey, grey), std::numeric_limits<double>::infinity());
  EXPECT_NEAR(psnr(grey, lighter), 10 * std::log10(65025 / 100.0), 1e-12);
  // Without structure only the luminance term is left.
  const double luminance = (2 * 100 * 110 + 6.5025) / (100 * 100 + 110 * 110 + 6.5025);
  EXPECT_NEAR(ssim(grey, lighter), luminance, 1e-12);
  EXPECT_NEAR(ms_ssim(grey, lighter), std::pow(luminance, 0.2363 / 0.8668), 1e-9);
  EXPECT_EQ(ssim(grey, grey), 1);
  EXPECT_EQ(ms_ssim(grey, grey), 1);
  // White has Y = 235, black 16.
  const at::Tensor black = at::zeros({1, 3, 12, 12}, at::kByte);
  EXPECT_NEAR(psnr(black, black + 255, {.luma = true}), 20 * std::log10(255.0 / 219), 1e-9);
  // An inverted picture has negative structure.
  const at::Tensor x = pictures({1, 1, 32, 32});
  EXPECT_LT(ssim(x, 255 - x), 0);
  EXPECT_EQ(ms_ssim(x, 255 - x), 0);
}

TEST(Fidelity, TheBorderIsLeftOut) {
  const at::Tensor a = pictures({1, 3, 20, 20});
  at::Tensor b = a.clone();
  b.narrow(2, 0, 2).fill_(0);
  EXPECT_LT(psnr(a, b), 20);
  EXPECT_EQ(psnr(a, b, {.border_px = 2}), std::numeric_limits<double>::infinity());
}

TEST(Fidelity, SameForAnyNumberOfThreads) {
  const at::Tensor a = pictures({1, 3, 200, 210}), b = damaged({1, 3, 200, 210});
  expect_equal_for_threads([&] { return std::vector{psnr(a, b), ssim(a, b), ms_ssim(a, b)}; });
}

TEST(Fidelity, RefusesWhatDoesNotFit) {
  const at::Tensor a = pictures({2, 3, 16, 16});
  EXPECT_THROW(psnr(a, pictures({3, 3, 16, 16})), UsageError);
  EXPECT_THROW(psnr(a, a.to(at::kFloat)), UsageError);
  EXPECT_THROW(psnr(at::Tensor(), a), UsageError);
  EXPECT_THROW(psnr(a, a, {.border_px = 8}), UsageError);
  EXPECT_THROW(psnr(a, a, {.border_px = -1}), UsageError);
  EXPECT_THROW(ssim(a, a, {.border_px = 3}), UsageError);
  EXPECT_THROW(ssim(pictures({1, 2, 16, 16}), pictures({1, 2, 16, 16}), {.luma = true}),
               UsageError);
}

TEST(Diversity, TwoPicturesHaveOnePair) {
  const at::Tensor x = pictures({2, 1, 28, 28});
  const double pair = ms_ssim(x.narrow(0, 0, 1), x.narrow(0, 1, 1));
  EXPECT_NEAR(ms_ssim_diversity(x, 5, 1), pair, 1e-12);
}

TEST(Diversity, CollapseIsSeen) {
  const at::Tensor noise =
      at::remainder(at::arange(20 * 28 * 28).mul(7919).bitwise_xor(0x2b5), 251).to(at::kByte);
  const at::Tensor varied = noise.view({20, 1, 28, 28});
  const at::Tensor collapsed = varied.narrow(0, 0, 1).expand({20, 1, 28, 28});
  EXPECT_EQ(ms_ssim_diversity(collapsed, 50, 3), 1);
  EXPECT_LT(ms_ssim_diversity(varied, 50, 3), 0.5);
  EXPECT_EQ(ms_ssim_diversity(varied, 50, 3), ms_ssim_diversity(varied, 50, 3));
  EXPECT_THROW(ms_ssim_diversity(varied.narrow(0, 0, 1), 5, 1), UsageError);
  EXPECT_THROW(ms_ssim_diversity(varied, 0, 1), UsageError);
}

at::Tensor as_tensor(const media::Image& image) {
  at::Tensor bytes = at::empty({1, image.height, image.width, 3}, at::kByte);
  std::copy(image.pixels.begin(), image.pixels.end(), bytes.data_ptr<uint8_t>());
  return bytes.permute({0, 3, 1, 2}).contiguous();
}

// Shrunk to a quarter and enlarged again by bicubic filters, Set5 scores 28.42 dB and 0.8104 on
// luma without a border of 4 px: the baseline row of the tables since Timofte et al. 2014.
TEST(Fidelity, PublishedFiguresOfSet5) {
  const char* shared = std::getenv("GANYMEDE_SHARED");
  const std::filesystem::path folder =
      std::filesystem::path(shared ? shared : GANYMEDE_SOURCE_DIR "/../shared") /
      "data/sr_set5_set14/CSet5";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << folder << " is not there";
  double psnr_sum = 0, ssim_sum = 0;
  int count = 0;
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    const media::Image all =
        media::convert_channels(media::read_image(file.path()), media::Channels::kRgb);
    const media::Image sharp = media::crop(all, 0, 0, all.width / 4 * 4, all.height / 4 * 4);
    const media::Image small =
        media::resize(sharp, sharp.width / 4, sharp.height / 4, media::Filter::kBicubic);
    const at::Tensor large =
        as_tensor(media::resize(small, sharp.width, sharp.height, media::Filter::kBicubic));
    psnr_sum += psnr(as_tensor(sharp), large, {.border_px = 4, .luma = true});
    ssim_sum += ssim(as_tensor(sharp), large, {.border_px = 4, .luma = true});
    ++count;
  }
  EXPECT_EQ(count, 5);
  EXPECT_NEAR(psnr_sum / count, 28.42, 0.02);
  EXPECT_NEAR(ssim_sum / count, 0.8104, 0.002);
}

}  // namespace
}  // namespace ganymede::metrics
