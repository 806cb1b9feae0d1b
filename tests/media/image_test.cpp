#include "ganymede/media/image.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "ganymede/core/error.h"
#include "image_samples.h"

namespace ganymede::media {
namespace {

Image picture(int width, int height, int channels, std::vector<uint8_t> pixels) {
  return {.width = width, .height = height, .channels = channels, .pixels = std::move(pixels)};
}

TEST(Image, RefusesImpossibleShapes) {
  EXPECT_THROW(make_image(0, 4, 3), UsageError);
  EXPECT_THROW(make_image(4, -1, 3), UsageError);
  EXPECT_THROW(make_image(4, 4, 5), UsageError);
  EXPECT_THROW(check_image(picture(2, 2, 3, {1, 2, 3}), "here"), UsageError);
  EXPECT_NO_THROW(check_image(make_image(2, 2, 3), "here"));
}

TEST(Image, GreyOfColourIsPillowsLuma) {
  std::ifstream file(GANYMEDE_SOURCE_DIR "/tests/golden/image_luma.txt");
  std::string hex;
  ASSERT_TRUE(file >> hex);
  const Image grey = convert_channels(samples::pattern(64, 48, 3), Channels::kGrey);
  ASSERT_EQ(grey.channels, 1);
  ASSERT_EQ(hex.size(), grey.pixels.size() * 2);
  for (size_t i = 0; i < grey.pixels.size(); ++i)
    ASSERT_EQ(grey.pixels[i], std::stoi(hex.substr(2 * i, 2), nullptr, 16)) << i;
}

TEST(Image, GreyBecomesColourByRepetition) {
  EXPECT_EQ(convert_channels(picture(2, 1, 1, {7, 250}), Channels::kRgb),
            picture(2, 1, 3, {7, 7, 7, 250, 250, 250}));
}

TEST(Image, AlphaIsCompositedRoundingToNearest) {
  const Image half = picture(1, 1, 4, {100, 0, 255, 128});
  // (100 * 128 + 255 * 127) / 255 = 177.2, (255 * 127) / 255 = 127, 255.
  EXPECT_EQ(with_channels(half, 3), picture(1, 1, 3, {177, 127, 255}));
  // (100 * 128) / 255 = 50.2, 0, 128.
  EXPECT_EQ(with_channels(half, 3, Backdrop::kBlack), picture(1, 1, 3, {50, 0, 128}));
  EXPECT_EQ(convert_channels(picture(1, 1, 2, {10, 0}), Channels::kGrey), picture(1, 1, 1, {255}));
  EXPECT_EQ(convert_channels(half, Channels::kAsStored), half);
}

TEST(Image, AlphaIsKeptOrAddedOpaque) {
  EXPECT_EQ(with_channels(picture(1, 1, 2, {9, 30}), 4), picture(1, 1, 4, {9, 9, 9, 30}));
  EXPECT_EQ(with_channels(picture(1, 1, 1, {9}), 4), picture(1, 1, 4, {9, 9, 9, 255}));
  EXPECT_EQ(with_channels(picture(1, 1, 3, {1, 2, 3}), 4), picture(1, 1, 4, {1, 2, 3, 255}));
  EXPECT_EQ(with_channels(picture(1, 1, 4, {255, 0, 0, 30}), 2), picture(1, 1, 2, {76, 30}));
}

TEST(Image, OrientationsPutTheTopLeftPixelWhereExifSays) {
  const Image stored = picture(3, 2, 1, {1, 2, 3, 4, 5, 6});
  EXPECT_EQ(apply_orientation(stored, 1), stored);
  EXPECT_EQ(apply_orientation(stored, 2), picture(3, 2, 1, {3, 2, 1, 6, 5, 4}));
  EXPECT_EQ(apply_orientation(stored, 3), picture(3, 2, 1, {6, 5, 4, 3, 2, 1}));
  EXPECT_EQ(apply_orientation(stored, 4), picture(3, 2, 1, {4, 5, 6, 1, 2, 3}));
  EXPECT_EQ(apply_orientation(stored, 5), picture(2, 3, 1, {1, 4, 2, 5, 3, 6}));
  EXPECT_EQ(apply_orientation(stored, 6), picture(2, 3, 1, {4, 1, 5, 2, 6, 3}));
  EXPECT_EQ(apply_orientation(stored, 7), picture(2, 3, 1, {6, 3, 5, 2, 4, 1}));
  EXPECT_EQ(apply_orientation(stored, 8), picture(2, 3, 1, {3, 6, 2, 5, 1, 4}));
  EXPECT_EQ(apply_orientation(stored, 99), stored);
}

}  // namespace
}  // namespace ganymede::media
