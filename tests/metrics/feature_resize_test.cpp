#include "ganymede/metrics/feature_resize.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <map>
#include <nlohmann/json.hpp>

#include "ganymede/core/error.h"
#include "tests/golden/summary.h"

namespace ganymede::metrics {
namespace {

constexpr int64_t kSize = 299;

// The picture of feature_resize.py, uint8 [1, 3, height, width].
at::Tensor picture(int64_t height, int64_t width) {
  at::Tensor bytes = at::empty({1, 3, height, width}, at::kByte);
  uint8_t* out = bytes.data_ptr<uint8_t>();
  for (int64_t c = 0; c < 3; ++c) {
    for (int64_t y = 0; y < height; ++y) {
      for (int64_t x = 0; x < width; ++x) {
        *out++ = static_cast<uint8_t>((37 * x + 61 * y + 101 * c + 13 * x * y + 7 * c * x) % 256);
      }
    }
  }
  return bytes;
}

at::Tensor resized(const at::Tensor& images, const std::string& mode) {
  static const std::map<std::string, media::Filter> filters = {
      {"box", media::Filter::kBox}, {"lanczos", media::Filter::kLanczos}};
  const auto filter = filters.find(mode);
  if (filter == filters.end()) return resize_for_features(images, mode, kSize);
  return resize_antialiased(images, kSize, kSize, filter->second);
}

uint32_t sum_of_bits(const at::Tensor& images) {
  uint32_t sum = 0;
  for (int64_t i = 0; i < images.numel(); ++i) {
    uint32_t bits = 0;
    std::memcpy(&bits, images.const_data_ptr<float>() + i, sizeof bits);
    sum += bits;
  }
  return sum;
}

void expect_grid(const at::Tensor& result, const nlohmann::json& golden, double tolerance) {
  const auto wanted = golden["grid"].get<std::vector<double>>();
  const at::Tensor places = at::tensor({0, 1, 43, 150, 213, 298}, at::kLong);
  const at::Tensor grid = result[0][1].index_select(0, places).index_select(1, places).flatten();
  ASSERT_EQ(static_cast<size_t>(grid.numel()), wanted.size());
  for (size_t i = 0; i < wanted.size(); ++i) {
    EXPECT_NEAR(grid[static_cast<int64_t>(i)].item<double>(), wanted[i], tolerance) << i;
  }
}

TEST(FeatureResize, EqualsPillowTorchAndTensorflow) {
  size_t cases = 0;
  for (const auto& golden : golden::load("feature_resize.json")) {
    const std::string mode = golden["mode"];
    SCOPED_TRACE(mode + " " + golden["height"].dump() + " x " + golden["width"].dump());
    const at::Tensor result = resized(picture(golden["height"], golden["width"]), mode);
    ASSERT_EQ(result.sizes(), at::IntArrayRef({1, 3, kSize, kSize}));
    const bool exact = mode == "legacy-tensorflow";
    expect_grid(result, golden, exact ? 0 : 1e-4);
    if (exact) {
      EXPECT_EQ(sum_of_bits(result), golden["bits"].get<uint32_t>());
    }
    const at::Tensor wide = result.to(at::kDouble);
    EXPECT_NEAR(wide.mean().item<double>(), golden["mean"].get<double>(), 1e-5);
    EXPECT_NEAR(std::sqrt(wide.square().mean().item<double>()),
                golden["root_mean_square"].get<double>(), 1e-5);
    ++cases;
  }
  EXPECT_EQ(cases, 20U);
}

TEST(FeatureResize, TreatsEveryImageByItself) {
  const at::Tensor images = at::cat({picture(20, 31), picture(20, 31).flip(3)});
  for (const char* mode : {"clean", "legacy-pytorch", "legacy-tensorflow"}) {
    const at::Tensor both = resize_for_features(images, mode, 40);
    EXPECT_TRUE(both[1].equal(resize_for_features(images.slice(0, 1), mode, 40)[0])) << mode;
  }
}

TEST(FeatureResize, LeavesConstantImagesAndRightSizesAlone) {
  const at::Tensor flat = at::full({1, 1, 9, 7}, 201.0);
  for (const char* mode : {"clean", "legacy-pytorch", "legacy-tensorflow"}) {
    const at::Tensor larger = resize_for_features(flat, mode, 30);
    EXPECT_LT((larger - 201).abs().max().item<double>(), 1e-4) << mode;
  }
  const at::Tensor same = picture(12, 12);
  EXPECT_TRUE(resize_for_features(same, "none", 12).equal(same.to(at::kFloat)));
}

TEST(FeatureResize, RefusesWhatItCannotResize) {
  const at::Tensor image = picture(8, 8);
  EXPECT_THROW(resize_for_features(image, "bilinear", 16), UsageError);
  EXPECT_THROW(resize_for_features(image, "none", 16), UsageError);
  EXPECT_THROW(resize_for_features(image, "clean", 0), UsageError);
  EXPECT_THROW(resize_for_features(image[0], "clean", 16), UsageError);
  EXPECT_THROW(resize_for_features(image.to(at::kLong), "clean", 16), UsageError);
}

}  // namespace
}  // namespace ganymede::metrics
