#include "ganymede/media/gif.h"

#include <gtest/gtest.h>

#include <set>

#include "ganymede/core/error.h"
#include "ganymede/media/quantize.h"
#include "image_samples.h"

namespace ganymede::media {
namespace {

using samples::bytes;
using samples::refused;

Image decode(const std::string& encoded) { return decode_image(encoded, "test.gif"); }

Image grey_ramp() {
  Image image = make_image(16, 16, 1);
  for (size_t i = 0; i < image.pixels.size(); ++i) image.pixels[i] = static_cast<uint8_t>(i);
  return image;
}

TEST(Gif, GreyAndFewColoursAreExact) {
  EXPECT_EQ(decode(encode_gif({grey_ramp()})), with_channels(grey_ramp(), 3));
  for (const auto& [width, height] : {std::pair{1, 1}, {1, 9}, {9, 1}, {7, 13}}) {
    const Image image = samples::pattern(width, height, 3);
    EXPECT_EQ(decode(encode_gif({image})), image);
  }
}

TEST(Gif, ManyColoursGetTheNearestOf256) {
  const Image image = samples::gradient(128, 128, 3);
  const Image decoded = decode(encode_gif({image}));
  std::set<Color> colors;
  for (size_t i = 0; i < decoded.pixels.size(); i += 3)
    colors.insert({decoded.pixels[i], decoded.pixels[i + 1], decoded.pixels[i + 2]});
  EXPECT_LE(colors.size(), 256U);
  EXPECT_GT(colors.size(), 128U);
  EXPECT_LE(samples::largest_difference(decoded, image), 24);
}

TEST(Gif, FramesOfManyColoursBringTheirOwnPalettes) {
  Image red = make_image(32, 32, 3);
  Image blue = make_image(32, 32, 3);
  for (int i = 0; i < 1024; ++i) {
    red.pixels[i * 3] = static_cast<uint8_t>(i % 200);
    blue.pixels[i * 3 + 2] = static_cast<uint8_t>(i % 200);
  }
  EXPECT_EQ(decode(encode_gif({red, blue}, 50)), red);
  EXPECT_EQ(decode(encode_gif({blue, red}, 50)), blue);
}

// Two pixels on a canvas of three: the third is transparent, as is colour 1 when declared so.
std::string small_gif(bool transparent, int canvas_width, int index) {
  std::string gif = std::string("GIF89a") + bytes({canvas_width, 0, 1, 0, 0x80, 0, 0});
  gif += bytes({10, 20, 30, 40, 50, 60});
  if (transparent) gif += bytes({0x21, 0xF9, 4, 1, 0, 0, 1, 0});
  gif += bytes({0x2C, 0, 0, 0, 0, 2, 0, 1, 0, 0, 2});
  // Codes of 3 bits: clear (4), 0, index, end (5).
  const int codes = 4 | 0 << 3 | index << 6 | 5 << 9;
  return gif + bytes({2, codes & 255, codes >> 8, 0, 0x3B});
}

TEST(Gif, TransparencyAndUncoveredCanvasBecomeAlpha) {
  EXPECT_EQ(decode(small_gif(false, 2, 1)), (Image{2, 1, 3, {10, 20, 30, 40, 50, 60}}));
  EXPECT_EQ(decode(small_gif(true, 2, 1)), (Image{2, 1, 4, {10, 20, 30, 255, 0, 0, 0, 0}}));
  EXPECT_EQ(decode(small_gif(false, 3, 1)).pixels[11], 0);
}

TEST(Gif, AFrameLargerThanTheCanvasEnlargesIt) {
  EXPECT_EQ(decode(small_gif(false, 1, 1)).width, 2);
}

TEST(Gif, RefusesIndicesBeyondThePalette) { EXPECT_TRUE(refused(small_gif(false, 2, 3))); }

TEST(Gif, RefusesTruncationsAndSurvivesFlips) {
  samples::expect_truncations_refused(encode_gif({samples::pattern(40, 30, 3)}));
  samples::expect_truncations_refused(
      encode_gif({grey_ramp(), make_image(16, 16, 1, 3), grey_ramp()}, 100));
  samples::expect_flips_survived(encode_gif({samples::pattern(30, 30, 1)}), 400);
}

TEST(Gif, RefusesWhatCannotBeEncoded) {
  const Image image = make_image(4, 4, 3);
  EXPECT_THROW(encode_gif({}), UsageError);
  EXPECT_THROW(encode_gif({image, make_image(4, 5, 3)}), UsageError);
  EXPECT_THROW(encode_gif({image}, -1), UsageError);
  EXPECT_THROW(encode_gif({image}, 100, 65536), UsageError);
  EXPECT_THROW(encode_gif({make_image(65536, 1, 1)}), UsageError);
}

TEST(Quantize, ExactPaletteStopsAt256Colours) {
  const Image ramp = with_channels(grey_ramp(), 3);
  ASSERT_TRUE(exact_palette({&ramp}).has_value());
  EXPECT_EQ(exact_palette({&ramp})->size(), 256U);
  Image one_more = make_image(1, 1, 3);
  one_more.pixels = {1, 2, 3};
  EXPECT_FALSE(exact_palette({&ramp, &one_more}).has_value());
}

TEST(Quantize, MedianCutSpendsColoursWhereThePixelsAre) {
  const Image image = samples::gradient(128, 128, 3);
  const std::vector<Color> palette = median_cut_palette(image);
  EXPECT_EQ(palette.size(), 256U);
  const Image flat = make_image(8, 8, 3, 77);
  EXPECT_EQ(median_cut_palette(flat), (std::vector<Color>{{77, 77, 77}}));
}

TEST(GifFrames, EveryFrameComesBack) {
  const std::vector<Image> frames = {make_image(9, 5, 3, 10), samples::pattern(9, 5, 3),
                                     make_image(9, 5, 3, 200)};
  const std::string bytes = encode_gif(frames, 50);
  EXPECT_EQ(decode_gif_frames(bytes, "x", {}, 10), frames);
  EXPECT_EQ(decode_gif_frames(bytes, "x", {}, 2).size(), 2U);
  EXPECT_EQ(decode_gif_frames(encode_gif({frames[0]}), "x", {}, 10).size(), 1U);
  EXPECT_THROW(decode_gif_frames(bytes, "x", {.max_pixels = 100}, 10), DataError);
  for (size_t size = 0; size + 1 < bytes.size(); size += 3) {
    EXPECT_THROW(decode_gif_frames(bytes.substr(0, size), "x", {}, 10), DataError) << size;
  }
}

// The second frame becomes transparent all over: what shows through is what the first left behind.
TEST(GifFrames, TransparentPartsShowWhatWasKept) {
  const Image first = make_image(6, 4, 3, 10), second = make_image(6, 4, 3, 200);
  const std::string control = "\x21\xF9\x04";
  std::string bytes = encode_gif({first, second}, 50);
  const size_t one = bytes.find(control), two = bytes.find(control, one + 1);
  ASSERT_NE(two, std::string::npos);
  for (const char index : {'\0', '\1'}) {  // whichever the palette calls the second colour
    std::string changed = bytes;
    changed[two + 3] = static_cast<char>(changed[two + 3] | 1);
    changed[two + 6] = index;
    const auto kept = decode_gif_frames(changed, "x", {}, 10);
    if (kept[1] != first) continue;
    changed[one + 3] = 2 << 2;  // the first frame is cleared away
    EXPECT_EQ(decode_gif_frames(changed, "x", {}, 10)[1], make_image(6, 4, 3, 255));
    return;
  }
  FAIL() << "no index makes the second frame transparent";
}

}  // namespace
}  // namespace ganymede::media
