// Bicubic resizing and blur against an independent NumPy script (tests/golden/restore.py).
#include "ganymede/media/bicubic.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "ganymede/core/error.h"
#include "ganymede/media/blur.h"
#include "ganymede/media/resize.h"

namespace ganymede::media {
namespace {

// As picture() of the script.
Image formula_picture(int height, int width, int channels) {
  Image image = make_image(width, height, channels);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (int c = 0; c < channels; ++c) {
        *(image.at(x, y) + c) = static_cast<uint8_t>(
            (37 * x + 91 * y + 53 * c + 7 * x * y + (x / 5) * (y / 3) * 40) % 256);
      }
    }
  }
  return image;
}

Image formula_picture(const nlohmann::json& shape) {
  return formula_picture(shape.at(0), shape.at(1), shape.at(2));
}

nlohmann::json goldens() {
  return nlohmann::json::parse(
      std::ifstream(GANYMEDE_SOURCE_DIR "/tests/golden/restore.json"))["pictures"];
}

TEST(Bicubic, EqualsItsDefinition) {
  for (const auto& golden : goldens()["bicubic"]) {
    SCOPED_TRACE(golden["from"].dump() + " to " + golden["to"].dump());
    const Image image = bicubic(formula_picture(golden["from"]), golden["to"][1], golden["to"][0]);
    EXPECT_EQ(image.pixels, golden["pixels"].get<std::vector<uint8_t>>());
  }
}

// Pillow renormalises at the edge where MATLAB mirrors; inside both are one kernel.
TEST(Bicubic, InsideItIsPillowsUpToRounding) {
  Image smooth = make_image(64, 48, 1);
  for (int y = 0; y < 48; ++y)
    for (int x = 0; x < 64; ++x) *smooth.at(x, y) = static_cast<uint8_t>(40 + 2 * x + y);
  const Image ours = bicubic(smooth, 16, 12);
  const Image other = resize(smooth, 16, 12, Filter::kBicubic);
  for (int y = 2; y < 10; ++y)
    for (int x = 2; x < 14; ++x) EXPECT_NEAR(*ours.at(x, y), *other.at(x, y), 1);
}

TEST(Bicubic, SameSizeIsTheSamePictureAndSidesAreChecked) {
  const Image image = formula_picture(5, 6, 3);
  EXPECT_EQ(bicubic(image, 6, 5), image);
  EXPECT_THROW(bicubic(image, 0, 5), UsageError);
  EXPECT_THROW(bicubic(image, 6, 70000), UsageError);
  EXPECT_EQ(crop_to_multiple(image, 4).width, 4);
  EXPECT_EQ(crop_to_multiple(image, 5), crop(image, 0, 0, 5, 5));
  EXPECT_THROW(crop_to_multiple(image, 7), UsageError);
}

TEST(Blur, EqualsItsDefinition) {
  for (const auto& golden : goldens()["blur"]) {
    SCOPED_TRACE(golden["from"].dump());
    const Image image = gaussian_blur(formula_picture(golden["from"]), golden["sigma"]);
    EXPECT_EQ(image.pixels, golden["pixels"].get<std::vector<uint8_t>>());
  }
}

TEST(Blur, NothingAtZeroAndRefusesNonsense) {
  const Image image = formula_picture(5, 6, 3);
  EXPECT_EQ(gaussian_blur(image, 0), image);
  EXPECT_THROW(gaussian_blur(image, -1), UsageError);
  EXPECT_THROW(gaussian_blur(image, std::nan("")), UsageError);
}

}  // namespace
}  // namespace ganymede::media
