#include "ganymede/media/png.h"

#include <gtest/gtest.h>

#include "ganymede/core/error.h"
#include "image_samples.h"

namespace ganymede::media {
namespace {

using samples::bytes;
using samples::png_chunk;
using samples::png_of;
using samples::refused;

Image decode(const std::string& encoded) { return decode_image(encoded, "test.png"); }

TEST(Png, RoundTripsEveryChannelCountAndOddSizes) {
  for (const int channels : {1, 2, 3, 4}) {
    for (const auto& [width, height] : {std::pair{1, 1}, {1, 9}, {9, 1}, {7, 13}, {64, 64}}) {
      const Image image = samples::pattern(width, height, channels);
      EXPECT_EQ(decode(encode_png(image, channels * 2)), image);
    }
  }
}

TEST(Png, ScalesGreyDepthsToTheFullRange) {
  EXPECT_EQ(decode(png_of(3, 1, 1, 0, bytes({0, 0b01000000}))).pixels,
            (std::vector<uint8_t>{0, 255, 0}));
  EXPECT_EQ(decode(png_of(3, 1, 2, 0, bytes({0, 0b00011100}))).pixels,
            (std::vector<uint8_t>{0, 85, 255}));
  EXPECT_EQ(decode(png_of(3, 1, 4, 0, bytes({0, 0x07, 0xF0}))).pixels,
            (std::vector<uint8_t>{0, 7 * 17, 255}));
}

TEST(Png, ScalesSixteenBitsByRoundingToNearest) {
  std::string rows = bytes({0});
  std::vector<uint8_t> expected;
  for (int value = 0; value < 65536; value += 37) {
    rows += bytes({value >> 8, value & 255});
    expected.push_back(static_cast<uint8_t>((value + 128) / 257));
  }
  const auto width = static_cast<uint32_t>(expected.size());
  EXPECT_EQ(decode(png_of(width, 1, 16, 0, rows)).pixels, expected);
  EXPECT_EQ(probe_image(png_of(width, 1, 16, 0, rows), "x").bit_depth, 16);
}

TEST(Png, ExpandsPalettesWithAndWithoutAlpha) {
  const std::string palette = png_chunk("PLTE", bytes({255, 0, 0, 0, 255, 0, 0, 0, 255}));
  const std::string rows = bytes({0, 0b00011000});
  const Image opaque = decode(png_of(3, 1, 2, 3, rows, palette));
  EXPECT_EQ(opaque.channels, 3);
  EXPECT_EQ(opaque.pixels, (std::vector<uint8_t>{255, 0, 0, 0, 255, 0, 0, 0, 255}));
  const Image clear = decode(png_of(3, 1, 2, 3, rows, palette + png_chunk("tRNS", bytes({9, 0}))));
  EXPECT_EQ(clear.pixels, (std::vector<uint8_t>{255, 0, 0, 9, 0, 255, 0, 0, 0, 0, 255, 255}));
}

TEST(Png, TransparentColourBecomesAlpha) {
  const Image grey = decode(png_of(2, 1, 8, 0, bytes({0, 7, 8}), png_chunk("tRNS", bytes({0, 7}))));
  EXPECT_EQ(grey.channels, 2);
  EXPECT_EQ(grey.pixels, (std::vector<uint8_t>{7, 0, 8, 255}));
  const Image color = decode(png_of(2, 1, 8, 2, bytes({0, 1, 2, 3, 1, 2, 4}),
                                    png_chunk("tRNS", bytes({0, 1, 0, 2, 0, 3}))));
  EXPECT_EQ(color.pixels, (std::vector<uint8_t>{1, 2, 3, 0, 1, 2, 4, 255}));
}

// IMG06: the transparent grey is compared in 16 bits, before scaling makes neighbours equal.
TEST(Png, SixteenBitGreyWithTransparentColour) {
  const std::string encoded = png_of(2, 1, 16, 0, bytes({0, 0x12, 0x34, 0x12, 0x35}),
                                     png_chunk("tRNS", bytes({0x12, 0x34})));
  EXPECT_EQ(decode(encoded).pixels, (std::vector<uint8_t>{0x12, 0, 0x12, 255}));
}

// IMG05
TEST(Png, InterlacedSinglePixelAndSmallPicture) {
  EXPECT_EQ(decode(png_of(1, 1, 8, 0, bytes({0, 99}), "", true)).pixels,
            (std::vector<uint8_t>{99}));
  // Adam7 of 2 x 2: pass 1 holds (0,0), pass 6 (1,0), pass 7 the second row.
  EXPECT_EQ(decode(png_of(2, 2, 8, 0, bytes({0, 1, 0, 2, 0, 3, 4}), "", true)).pixels,
            (std::vector<uint8_t>{1, 2, 3, 4}));
}

TEST(Png, ConvertsChannelsAndBackdropOnRequest) {
  const std::string encoded = encode_png(Image{1, 1, 2, {100, 128}});
  DecodeOptions options{.channels = Channels::kRgb};
  EXPECT_EQ(decode_image(encoded, "x", options).pixels, (std::vector<uint8_t>{177, 177, 177}));
  options = {.channels = Channels::kGrey, .backdrop = Backdrop::kBlack};
  EXPECT_EQ(decode_image(encoded, "x", options).pixels, (std::vector<uint8_t>{50}));
}

TEST(Png, AppliesItsExifOrientation) {
  const std::string exif = png_chunk(
      "eXIf", bytes({'M', 'M', 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, 3, 0, 0}));
  const std::string encoded = png_of(2, 1, 8, 0, bytes({0, 1, 2}), exif);
  EXPECT_EQ(probe_image(encoded, "x").orientation, 3);
  EXPECT_EQ(decode(encoded).pixels, (std::vector<uint8_t>{2, 1}));
  EXPECT_EQ(decode_image(encoded, "x", {.apply_exif_orientation = false}).pixels,
            (std::vector<uint8_t>{1, 2}));
}

TEST(Png, KeepsTextChunks) {
  const TextChunks text = {{"seed", "0-63"}, {"prompt", "gr\xC3\xBC\xC3\x9F"}};
  const std::string encoded = encode_png(samples::pattern(4, 4, 3), 6, text);
  EXPECT_EQ(read_png_text(encoded, "x"), text);
  EXPECT_EQ(decode(encoded), samples::pattern(4, 4, 3));
  EXPECT_THROW(encode_png(make_image(1, 1, 1), 6, {{"", "x"}}), UsageError);
  EXPECT_THROW(encode_png(make_image(1, 1, 1), 6, {{std::string(80, 'k'), "x"}}), UsageError);
  EXPECT_THROW(encode_png(make_image(1, 1, 1), 10), UsageError);
}

// IMG01
TEST(Png, RefusesHugeSidesBeforeAllocating) {
  const std::string encoded = png_of(0x7FFFFFFF, 1, 8, 0, bytes({0, 0}));
  EXPECT_TRUE(refused(encoded));
  EXPECT_TRUE(refused(png_of(16384, 16384, 8, 6, bytes({0, 0}))));
  try {
    decode(encoded);
    FAIL() << "decoded";
  } catch (const DataError& error) {
    EXPECT_NE(error.parts().found.find("2147483647"), std::string::npos) << error.what();
    EXPECT_NE(error.parts().allowed.find("16384"), std::string::npos) << error.what();
  }
}

// IMG02
TEST(Png, RefusesTruncationsAndMissingRows) {
  samples::expect_truncations_refused(encode_png(samples::pattern(40, 30, 3)));
  EXPECT_TRUE(refused(png_of(4, 4, 8, 0, bytes({0, 1, 2, 3, 4}))));
}

// IMG03
TEST(Png, RefusesTextAndProfileBombs) {
  const std::string zeros(size_t{5} << 20, '\0');
  const std::string bomb = samples::zlib_packed(zeros);
  const std::string rows = bytes({0, 1});
  const std::string key = std::string("k") + bytes({0, 0});
  EXPECT_LT(bomb.size(), 10000U);
  EXPECT_TRUE(refused(png_of(1, 1, 8, 0, rows, png_chunk("zTXt", key + bomb))));
  EXPECT_TRUE(refused(png_of(1, 1, 8, 0, rows, png_chunk("iCCP", key + bomb))));
  EXPECT_TRUE(
      refused(png_of(1, 1, 8, 0, rows, png_chunk("iTXt", "k" + bytes({0, 1, 0, 0, 0}) + bomb))));
  EXPECT_TRUE(refused(png_of(1, 1, 8, 0, rows, png_chunk("tEXt", "k" + zeros))));
  const std::string small = samples::zlib_packed("a comment");
  EXPECT_EQ(decode(png_of(1, 1, 8, 0, rows, png_chunk("zTXt", key + small))).pixels[0], 1);
}

// IMG04
TEST(Png, RefusesIndicesBeyondThePalette) {
  const std::string palette = png_chunk("PLTE", bytes({255, 0, 0, 0, 255, 0}));
  EXPECT_TRUE(refused(png_of(2, 1, 8, 3, bytes({0, 1, 2}), palette)));
  EXPECT_TRUE(refused(png_of(2, 1, 2, 3, bytes({0, 0b00110000}), palette)));
  EXPECT_TRUE(refused(png_of(2, 1, 8, 3, bytes({0, 0, 0}))));
}

// IMG07
TEST(Png, RefusesChecksumErrors) {
  std::string encoded = encode_png(samples::pattern(8, 8, 3));
  encoded[encoded.size() - 13] = static_cast<char>(encoded[encoded.size() - 13] ^ 1);
  EXPECT_TRUE(refused(encoded));
  samples::expect_flips_survived(encode_png(samples::pattern(20, 20, 3)), 400);
}

TEST(Png, RefusesImpossibleHeaders) {
  EXPECT_TRUE(refused(png_of(0, 1, 8, 0, bytes({0}))));
  EXPECT_TRUE(refused(png_of(1, 1, 3, 0, bytes({0, 0}))));
  EXPECT_TRUE(refused(png_of(1, 1, 16, 3, bytes({0, 0, 0}))));
  EXPECT_TRUE(refused(png_of(1, 1, 8, 7, bytes({0, 0}))));
}

}  // namespace
}  // namespace ganymede::media
