// Pictures whose pixels are class ids or lightness.
#include "ganymede/media/meaning.h"

#include <gtest/gtest.h>

#include <set>

#include "ganymede/core/error.h"

namespace ganymede::media {
namespace {

TEST(Meaning, StatesComeBackAndOthersAreRefused) {
  for (const Meaning meaning : {Meaning::kPixels, Meaning::kLabels, Meaning::kLightness})
    EXPECT_EQ(meaning_of(state_of(meaning)), meaning);
  EXPECT_THROW(meaning_of("{\"meaning\":\"smell\"}"), ModelError);
  EXPECT_THROW(meaning_of("not JSON"), ModelError);
}

TEST(Meaning, LabelColoursAreAllDifferent) {
  std::set<Color> colors;
  for (int id = 0; id < 256; ++id) colors.insert(label_color(static_cast<uint8_t>(id)));
  EXPECT_EQ(colors.size(), 256U);
  EXPECT_EQ(label_color(0), (Color{0, 0, 0}));
  EXPECT_EQ(label_color(1), (Color{128, 0, 0}));
  EXPECT_EQ(label_color(11), (Color{192, 128, 0}));  // 8 + 2 + 1
}

TEST(Meaning, NearestNeverInventsAValue) {
  Image ids = make_image(5, 3, 1);
  for (size_t i = 0; i < ids.pixels.size(); ++i) ids.pixels[i] = static_cast<uint8_t>(i % 2 * 11);
  for (const auto& [width, height] : {std::pair{7, 2}, {2, 9}, {1, 1}, {5, 3}}) {
    const Image small = resize_nearest(ids, width, height);
    EXPECT_EQ(small.width, width);
    EXPECT_EQ(small.height, height);
    for (const uint8_t value : small.pixels) EXPECT_TRUE(value == 0 || value == 11);
  }
  EXPECT_EQ(resize_nearest(ids, 5, 3), ids);
  EXPECT_THROW(resize_nearest(ids, 0, 3), UsageError);
}

TEST(Meaning, LightnessOfKnownGreys) {
  EXPECT_FLOAT_EQ(lightness(0, 0, 0), 0.0F);
  EXPECT_NEAR(lightness(255, 255, 255), 100.0F, 1e-3);
  EXPECT_NEAR(lightness(119, 119, 119), 50.03F, 0.01);
  EXPECT_NEAR(lightness(0, 0, 255), 32.30F, 0.01);
}

TEST(Meaning, PlanesOfEveryMeaning) {
  Image image = make_image(2, 1, 3);
  image.pixels = {255, 0, 0, 119, 119, 119};
  std::vector<float> planes(6);
  write_planes(image, Meaning::kPixels, 3, planes.data());
  EXPECT_FLOAT_EQ(planes[0], 1.0F);   // red of the left pixel
  EXPECT_FLOAT_EQ(planes[2], -1.0F);  // its green
  write_planes(image, Meaning::kLightness, 1, planes.data());
  EXPECT_NEAR(planes[0], 53.24F / 50 - 1, 1e-3);
  EXPECT_NEAR(planes[1], 0.0F, 1e-3);
  Image ids = make_image(1, 1, 1, 3);
  write_planes(ids, Meaning::kLabels, 3, planes.data());
  EXPECT_FLOAT_EQ(planes[0], 128 / 127.5F - 1);
  EXPECT_FLOAT_EQ(planes[1], 128 / 127.5F - 1);
  EXPECT_FLOAT_EQ(planes[2], -1.0F);
}

TEST(Meaning, TransparentPixelsShowWhite) {
  Image image = make_image(1, 1, 4);  // black, fully transparent
  float planes[3];
  write_planes(image, Meaning::kPixels, 3, planes);
  for (const float value : planes) EXPECT_FLOAT_EQ(value, 1.0F);
}

}  // namespace
}  // namespace ganymede::media
