#include "ganymede/media/sheet.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "ganymede/core/error.h"
#include "ganymede/media/font.h"
#include "image_samples.h"

namespace ganymede::media {
namespace {

int count_of(const Image& image, uint8_t value) {
  return static_cast<int>(std::count(image.pixels.begin(), image.pixels.end(), value));
}

TEST(Sheet, PlacesTilesRowByRow) {
  const std::vector<Image> tiles = {make_image(4, 3, 1, 10), make_image(4, 3, 1, 20),
                                    make_image(4, 3, 1, 30)};
  const Image sheet = contact_sheet(tiles, 2, {.padding_px = 1});
  EXPECT_EQ(sheet.width, 1 + 2 * 5);
  EXPECT_EQ(sheet.height, 1 + 2 * 4);
  EXPECT_EQ(sheet.channels, 1);
  EXPECT_EQ(*sheet.at(1, 1), 10);
  EXPECT_EQ(*sheet.at(6, 1), 20);
  EXPECT_EQ(*sheet.at(1, 5), 30);
  EXPECT_EQ(*sheet.at(6, 5), 255);
  EXPECT_EQ(count_of(sheet, 30), 12);
}

TEST(Sheet, EnlargesTilesToWholeSquares) {
  const Image tile = samples::pattern(3, 2, 3);
  const Image sheet = contact_sheet({tile}, 1, {.padding_px = 0, .scale = 4});
  ASSERT_EQ(sheet.width, 12);
  ASSERT_EQ(sheet.height, 8);
  for (int y = 0; y < 8; ++y)
    for (int x = 0; x < 12; ++x)
      EXPECT_TRUE(std::equal(sheet.at(x, y), sheet.at(x, y) + 3, tile.at(x / 4, y / 4)));
  EXPECT_EQ(contact_sheet({make_image(28, 28, 1)}, 1, {.padding_px = 0, .scale = 0}).width, 84);
}

TEST(Sheet, MixesSizesChannelsAndAlpha) {
  Image half = make_image(2, 2, 4, 0);
  for (size_t i = 3; i < half.pixels.size(); i += 4) half.pixels[i] = 51;
  const Image sheet = contact_sheet({make_image(4, 4, 1, 9), half}, 2,
                                    {.padding_px = 0, .background = {200, 100, 0}});
  EXPECT_EQ(sheet.channels, 3);
  // The small tile is centred; a fifth of it is black.
  EXPECT_TRUE(std::equal(sheet.at(5, 1), sheet.at(5, 1) + 3, Color{160, 80, 0}.begin()));
  EXPECT_TRUE(std::equal(sheet.at(4, 0), sheet.at(4, 0) + 3, Color{200, 100, 0}.begin()));
}

TEST(Sheet, MakesRoomForTitleAndLabels) {
  const std::vector<Image> tiles(4, make_image(8, 8, 1, 128));
  const Image bare = contact_sheet(tiles, 2);
  const Image named = contact_sheet(tiles, 2, {.title = "fakes", .row_labels = {"shirt", "bag"}});
  EXPECT_GT(named.height, bare.height);
  EXPECT_GT(named.width, bare.width);
  EXPECT_EQ(count_of(named, 128), count_of(bare, 128));
  EXPECT_GT(count_of(named, 32), 20);
}

TEST(Sheet, TitlesColumnsAndGroupsThem) {
  const std::vector<Image> tiles(4, make_image(40, 8, 1, 128));
  const Image bare = contact_sheet(tiles, 4);
  const Image titled = contact_sheet(tiles, 4, {.column_titles = {"given", "real"}});
  EXPECT_EQ(titled.width, bare.width);
  EXPECT_GT(titled.height, bare.height);
  EXPECT_EQ(count_of(titled, 128), count_of(bare, 128));
  EXPECT_GT(count_of(titled, 32), 40);  // letters, over every column
  const Image grouped = contact_sheet(tiles, 4, {.group = 2});
  EXPECT_GT(grouped.width, bare.width);
  EXPECT_EQ(count_of(grouped, 128), count_of(bare, 128));
}

TEST(Sheet, RefusesImpossibleRequests) {
  const Image tile = make_image(8, 8, 1);
  EXPECT_THROW(contact_sheet({}, 2), UsageError);
  EXPECT_THROW(contact_sheet({tile}, 0), UsageError);
  EXPECT_THROW(contact_sheet({tile}, 1, {.padding_px = -1}), UsageError);
  EXPECT_THROW(contact_sheet({make_image(1000, 8, 1)}, 1, {.scale = 100}), UsageError);
}

TEST(Sheet, SquareColumns) {
  EXPECT_EQ(square_columns(64), 8);
  EXPECT_EQ(square_columns(65), 9);
  EXPECT_EQ(square_columns(1), 1);
  EXPECT_EQ(square_columns(0), 1);
}

TEST(Font, EveryPrintableCharacterHasItsOwnShape) {
  std::vector<Image> shapes;
  for (char c = 32; c < 127; ++c) {
    Image cell = make_image(kFontAdvancePx, kFontLineHeightPx, 1, 255);
    draw_text(cell, 0, 0, std::string(1, c), {0, 0, 0});
    EXPECT_TRUE(c == ' ' || count_of(cell, 0) > 0) << c;
    EXPECT_EQ(std::count(shapes.begin(), shapes.end(), cell), 0) << c;
    shapes.push_back(cell);
  }
}

TEST(Font, MeasuresClipsAndScales) {
  EXPECT_EQ(text_width("abc"), 17);
  EXPECT_EQ(text_width("abc", 2), 34);
  EXPECT_EQ(text_width(""), 0);
  EXPECT_EQ(text_width("\xC3\xBC"), 5);
  Image small = make_image(20, 20, 3, 255);
  Image large = make_image(40, 40, 3, 255);
  draw_text(small, 2, 2, "G", {1, 2, 3});
  draw_text(large, 4, 4, "G", {1, 2, 3}, 2);
  EXPECT_EQ(count_of(large, 2), 4 * count_of(small, 2));
  Image clipped = make_image(3, 3, 1, 255);
  draw_text(clipped, -4, -4, "WWW", {0, 0, 0});
  draw_text_upwards(clipped, 1, 50, "WWW", {0, 0, 0}, 3);
  EXPECT_EQ(clipped.pixels.size(), 9U);
}

TEST(Font, UpwardsIsAQuarterTurn) {
  Image across = make_image(12, 12, 1, 255);
  Image upwards = make_image(12, 12, 1, 255);
  draw_text(across, 0, 0, "Fg", {0, 0, 0});
  draw_text_upwards(upwards, 0, 12, "Fg", {0, 0, 0});
  EXPECT_EQ(apply_orientation(across, 8), upwards);
}

}  // namespace
}  // namespace ganymede::media
