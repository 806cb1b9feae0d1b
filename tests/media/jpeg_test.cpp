#include "ganymede/media/jpeg.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>

// jpeglib.h needs FILE and size_t declared before it.
#include <jpeglib.h>

#include "ganymede/core/error.h"
#include "image_samples.h"

namespace ganymede::media {
namespace {

using samples::bytes;
using samples::refused;

Image decode(const std::string& encoded) { return decode_image(encoded, "test.jpg"); }

// Puts segments right after the start marker.
std::string with_segment(const std::string& encoded, const std::string& segment) {
  return encoded.substr(0, 2) + segment + encoded.substr(2);
}

size_t find_marker(const std::string& encoded, int marker) {
  return encoded.find(bytes({0xFF, marker}));
}

std::string exif_segment(int orientation) {
  const std::string tiff =
      bytes({'I', 'I', 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0});
  return bytes({0xFF, 0xE1, 0, static_cast<int>(tiff.size()) + 8}) + "Exif" + bytes({0, 0}) + tiff;
}

TEST(Jpeg, RoundTripsWithinTheQualityAsked) {
  for (const int channels : {1, 3}) {
    for (const auto& [width, height] : {std::pair{1, 1}, {1, 9}, {9, 1}, {7, 13}, {64, 48}}) {
      const Image image = samples::gradient(width, height, channels);
      EXPECT_LE(samples::largest_difference(decode(encode_jpeg(image, 100)), image), 4);
      EXPECT_LE(samples::largest_difference(decode(encode_jpeg(image, 90)), image), 16);
    }
  }
  const Image image = samples::gradient(64, 64, 3);
  EXPECT_LT(encode_jpeg(image, 30).size(), encode_jpeg(image, 95).size());
}

TEST(Jpeg, CompositesAlphaOverWhite) {
  const Image clear = make_image(8, 8, 4, 0);
  EXPECT_LE(samples::largest_difference(decode(encode_jpeg(clear, 100)), make_image(8, 8, 3, 255)),
            1);
}

TEST(Jpeg, RefusesWhatCannotBeEncoded) {
  EXPECT_THROW(encode_jpeg(make_image(4, 4, 3), 0), UsageError);
  EXPECT_THROW(encode_jpeg(make_image(4, 4, 3), 101), UsageError);
  EXPECT_THROW(encode_jpeg(make_image(65501, 1, 1), 90), UsageError);
}

TEST(Jpeg, AppliesExifOrientation) {
  const Image image = samples::gradient(16, 8, 3);
  const std::string plain = encode_jpeg(image, 95);
  const std::string turned = with_segment(plain, exif_segment(6));
  EXPECT_EQ(probe_image(turned, "x").orientation, 6);
  EXPECT_EQ(decode(turned), apply_orientation(decode(plain), 6));
  EXPECT_EQ(decode_image(turned, "x", {.apply_exif_orientation = false}), decode(plain));
  EXPECT_EQ(probe_image(with_segment(plain, exif_segment(11)), "x").orientation, 1);
}

TEST(Jpeg, ProbeReadsTheHeaderOnly) {
  const std::string encoded = encode_jpeg(samples::gradient(64, 48, 1));
  const ImageInfo info = probe_image(encoded.substr(0, encoded.size() - 10), "x");
  EXPECT_EQ(info.format, ImageFormat::kJpeg);
  EXPECT_EQ(info.width, 64);
  EXPECT_EQ(info.height, 48);
  EXPECT_EQ(info.channels, 1);
  EXPECT_EQ(info.bit_depth, 8);
}

TEST(Jpeg, RefusesTruncationsAndSurvivesFlips) {
  samples::expect_truncations_refused(encode_jpeg(samples::pattern(64, 48, 3), 90));
  samples::expect_flips_survived(encode_jpeg(samples::pattern(40, 40, 3), 90), 400);
}

TEST(Jpeg, StrayBytesAreHarmlessUnlessStrict) {
  const std::string encoded = encode_jpeg(samples::gradient(16, 16, 1));
  const size_t scan = find_marker(encoded, 0xDA);
  const std::string stray = encoded.substr(0, scan) + std::string("stray") + encoded.substr(scan);
  EXPECT_EQ(decode(stray), decode(encoded));
  EXPECT_THROW(decode_image(stray, "x", {.strict = true}), DataError);
}

std::string arithmetic_coded(const Image& grey) {
  jpeg_compress_struct encoder{};
  jpeg_error_mgr errors;
  encoder.err = jpeg_std_error(&errors);
  jpeg_create_compress(&encoder);
  unsigned char* buffer = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&encoder, &buffer, &size);
  encoder.image_width = grey.width;
  encoder.image_height = grey.height;
  encoder.input_components = 1;
  encoder.in_color_space = JCS_GRAYSCALE;
  jpeg_set_defaults(&encoder);
  jpeg_set_quality(&encoder, 100, TRUE);
  encoder.arith_code = TRUE;
  jpeg_start_compress(&encoder, TRUE);
  for (int y = 0; y < grey.height; ++y) {
    auto* row = const_cast<JSAMPROW>(grey.row(y));
    jpeg_write_scanlines(&encoder, &row, 1);
  }
  jpeg_finish_compress(&encoder);
  jpeg_destroy_compress(&encoder);
  std::string encoded(reinterpret_cast<char*>(buffer), size);
  std::free(buffer);
  return encoded;
}

// IMG10: distributions build libjpeg-turbo with arithmetic coding; without it this is a DataError.
TEST(Jpeg, ReadsArithmeticCoding) {
  const Image image = samples::gradient(40, 30, 1);
  const std::string encoded = arithmetic_coded(image);
  EXPECT_NE(find_marker(encoded, 0xC9), std::string::npos);
  EXPECT_LE(samples::largest_difference(decode(encoded), image), 3);
  samples::expect_flips_survived(encoded, 100);
}

// IMG09
TEST(Jpeg, RefusesASecondFrameHeader) {
  const std::string encoded = encode_jpeg(samples::gradient(16, 16, 3));
  const size_t frame = find_marker(encoded, 0xC0);
  std::string second = encoded.substr(frame, 2 + 17);
  second[6] = 9;
  const size_t scan = find_marker(encoded, 0xDA);
  EXPECT_TRUE(refused(encoded.substr(0, scan) + second + encoded.substr(scan)));
}

// IMG11
TEST(Jpeg, RefusesTwelveBits) {
  std::string encoded = encode_jpeg(samples::gradient(16, 16, 1));
  encoded[find_marker(encoded, 0xC0) + 4] = 12;
  EXPECT_TRUE(refused(encoded));
}

TEST(Jpeg, RefusesHugeSidesBeforeAllocating) {
  std::string encoded = encode_jpeg(samples::gradient(16, 16, 1));
  const size_t frame = find_marker(encoded, 0xC0);
  encoded.replace(frame + 5, 4, bytes({0xFF, 0x00, 0xFF, 0x00}));
  EXPECT_TRUE(refused(encoded));
}

// A progressive picture of one component whose DC scan is repeated as refinement scans.
// IMG08: the limit is reached long before the thousandth scan.
TEST(Jpeg, RefusesAThousandScans) {
  std::string encoded = encode_jpeg(make_image(16, 16, 1, 128));
  encoded[find_marker(encoded, 0xC0) + 1] = static_cast<char>(0xC2);
  const size_t scan = find_marker(encoded, 0xDA);
  const std::string start = encoded.substr(0, scan);
  // DC first scan (Al = 1) keeps its entropy data; refinements of zero bits follow.
  const std::string first = bytes({0xFF, 0xDA, 0, 8, 1, 1, 0x00, 0, 0, 0x0D, 0, 0});
  const std::string refine = bytes({0xFF, 0xDA, 0, 8, 1, 1, 0x00, 0, 0, 0x10, 0});
  std::string many = start + first;
  for (int i = 0; i < 1000; ++i) many += refine;
  EXPECT_TRUE(refused(many + bytes({0xFF, 0xD9})));
  try {
    decode(many + bytes({0xFF, 0xD9}));
    FAIL() << "decoded";
  } catch (const DataError& error) {
    EXPECT_NE(error.parts().found.find("100 scans"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace ganymede::media
