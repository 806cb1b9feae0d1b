#include "ganymede/media/resize.h"

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>
#include <string>

#include "ganymede/core/error.h"
#include "image_samples.h"

namespace ganymede::media {
namespace {

std::string hex_of(const Image& image) {
  std::string hex;
  for (const uint8_t sample : image.pixels) {
    hex += "0123456789abcdef"[sample >> 4U];
    hex += "0123456789abcdef"[sample & 15U];
  }
  return hex;
}

TEST(Resize, EqualsPillowByteForByte) {
  const std::map<std::string, Filter> filters = {{"box", Filter::kBox},
                                                 {"bilinear", Filter::kBilinear},
                                                 {"bicubic", Filter::kBicubic},
                                                 {"lanczos", Filter::kLanczos}};
  std::ifstream file(GANYMEDE_SOURCE_DIR "/tests/golden/image_resize.txt");
  int cases = 0;
  for (std::string line; std::getline(file, line); ++cases) {
    std::istringstream fields(line);
    int width, height, channels, new_width, new_height;
    std::string filter, expected;
    fields >> width >> height >> channels >> new_width >> new_height >> filter >> expected;
    const Image result = resize(samples::pattern(width, height, channels), new_width, new_height,
                                filters.at(filter));
    EXPECT_EQ(hex_of(result), expected) << line.substr(0, 40);
  }
  EXPECT_EQ(cases, 44);
}

TEST(Resize, KeepsConstantPicturesAndShapes) {
  for (const Filter filter :
       {Filter::kBox, Filter::kBilinear, Filter::kBicubic, Filter::kLanczos}) {
    EXPECT_EQ(resize(make_image(13, 7, 3, 201), 40, 3, filter), make_image(40, 3, 3, 201));
    EXPECT_EQ(resize(make_image(1, 1, 1, 9), 5, 6, filter), make_image(5, 6, 1, 9));
  }
  const Image same = samples::pattern(9, 8, 3);
  EXPECT_EQ(resize(same, 9, 8), same);
}

TEST(Resize, RefusesImpossibleSizes) {
  const Image image = samples::pattern(4, 4, 1);
  EXPECT_THROW(resize(image, 0, 4), UsageError);
  EXPECT_THROW(resize(image, 4, 65537), UsageError);
  EXPECT_THROW(resize(Image{}, 4, 4), UsageError);
}

TEST(Crop, TakesTheRectangleAsked) {
  const Image image = samples::pattern(7, 5, 3);
  const Image part = crop(image, 2, 1, 3, 4);
  ASSERT_EQ(part.width, 3);
  ASSERT_EQ(part.height, 4);
  for (int y = 0; y < 4; ++y)
    for (int x = 0; x < 3; ++x)
      for (int c = 0; c < 3; ++c) EXPECT_EQ(part.at(x, y)[c], image.at(x + 2, y + 1)[c]);
  EXPECT_THROW(crop(image, 5, 0, 3, 1), UsageError);
  EXPECT_THROW(crop(image, -1, 0, 1, 1), UsageError);
  EXPECT_THROW(crop(image, 0, 0, 0, 1), UsageError);
}

TEST(Crop, CentredSquareLeavesTheOddPixelRightAndBelow) {
  const Image wide = samples::pattern(8, 5, 1);
  EXPECT_EQ(center_crop_square(wide), crop(wide, 1, 0, 5, 5));
  const Image tall = samples::pattern(3, 9, 1);
  EXPECT_EQ(center_crop_square(tall), crop(tall, 0, 3, 3, 3));
}

}  // namespace
}  // namespace ganymede::media
