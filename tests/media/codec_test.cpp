#include "ganymede/media/codec.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "ganymede/core/error.h"
#include "ganymede/media/gif.h"
#include "image_samples.h"

namespace ganymede::media {
namespace {

using samples::refused;

class CodecFiles : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() /
              ("ganymede-codec-" + std::to_string(getpid()) + "-" +
               ::testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::filesystem::path folder_;
};

// IMG12: the name does not matter.
TEST(Codec, FindsTheFormatByContent) {
  const Image image = samples::pattern(6, 5, 3);
  EXPECT_EQ(detect_format(encode_image(image, "png")), ImageFormat::kPng);
  EXPECT_EQ(detect_format(encode_image(image, ".JPG")), ImageFormat::kJpeg);
  EXPECT_EQ(detect_format(encode_image(image, ".webp")), ImageFormat::kWebp);
  EXPECT_EQ(detect_format(encode_image(image, ".gif")), ImageFormat::kGif);
  EXPECT_EQ(detect_format("hello"), ImageFormat::kUnknown);
  EXPECT_EQ(decode_image(encode_image(image, "gif"), "renamed.png"), image);
  EXPECT_EQ(decode_image(encode_image(image, "webp"), "renamed.png"), image);
}

TEST(Codec, NamesWhatIsAllowed) {
  EXPECT_THROW(encode_image(make_image(2, 2, 3), ".bmp"), UsageError);
  EXPECT_TRUE(has_image_extension("a/B.JPeG"));
  EXPECT_FALSE(has_image_extension("a/png"));
  EXPECT_FALSE(has_image_extension("a/x.txt"));
}

// IMG13
TEST(Codec, RefusesEmptyAndUnknownBytes) {
  EXPECT_TRUE(refused(""));
  EXPECT_TRUE(refused("this is not a picture"));
  EXPECT_TRUE(refused(std::string_view("\x89PNG\r\n\x1a\n", 8)));
  EXPECT_TRUE(refused("\xFF\xD8\xFF"));
  EXPECT_TRUE(refused("GIF89a"));
  EXPECT_TRUE(refused(std::string_view("RIFF\0\0\0\0WEBP", 12)));
  EXPECT_THROW(probe_image("", "x"), DataError);
}

TEST(Codec, LimitsArePartOfTheOptions) {
  for (const char* extension : {"png", "jpg", "webp", "gif"}) {
    const std::string encoded = encode_image(samples::gradient(40, 30, 3), extension);
    EXPECT_THROW(decode_image(encoded, "x", {.max_pixels = 1199}), DataError) << extension;
    EXPECT_THROW(decode_image(encoded, "x", {.max_side_px = 39}), DataError) << extension;
    EXPECT_THROW(probe_image(encoded, "x", {.max_side_px = 39}), DataError) << extension;
    EXPECT_EQ(decode_image(encoded, "x", {.max_pixels = 1200, .max_side_px = 40}).width, 40);
  }
}

// A header that claims 64 million pixels in front of a few bytes of data.
TEST(Codec, RefusesHugeClaimsOfTinyFiles) {
  const auto claim = [](std::string encoded, size_t at, const std::vector<int>& size) {
    return encoded.replace(at, size.size(), samples::bytes(size));
  };
  const std::string rows = samples::bytes({0, 0});
  const std::string png = samples::png_of(8000, 8000, 8, 2, rows);
  std::string jpeg = encode_image(make_image(16, 16, 1), "jpg");
  jpeg = claim(jpeg, jpeg.find(samples::bytes({0xFF, 0xC0})) + 5, {0x1F, 0x40, 0x1F, 0x40});
  std::string gif = encode_image(make_image(16, 16, 1), "gif");
  gif = claim(gif, gif.find(',') + 5, {0x40, 0x1F, 0x40, 0x1F});
  for (const std::string& encoded : {png, jpeg, gif}) {
    try {
      decode_image(encoded, "x");
      FAIL() << "decoded";
    } catch (const DataError& error) {
      EXPECT_NE(error.parts().found.find("cannot hold 8000 x 8000"), std::string::npos)
          << error.what();
    }
  }
}

// The same check must not refuse what compresses best.
TEST(Codec, AcceptsLargeFlatPictures) {
  const Image flat = make_image(3000, 3000, 1, 128);
  for (const char* extension : {"png", "jpg", "gif", "webp"})
    EXPECT_EQ(with_channels(decode_image(encode_image(flat, extension), "x"), 1), flat)
        << extension;
}

TEST_F(CodecFiles, WritesAndReadsEveryExtension) {
  const Image image = samples::pattern(9, 7, 3);
  for (const char* name : {"a.png", "a.webp", "a.gif"}) {
    write_image(folder_ / name, image);
    EXPECT_EQ(read_image(folder_ / name), image) << name;
  }
  write_image(folder_ / "a.jpeg", samples::gradient(9, 7, 1));
  EXPECT_EQ(read_image(folder_ / "a.jpeg").channels, 1);
}

// IMG14
TEST_F(CodecFiles, RefusesFoldersPipesAndDevices) {
  const std::filesystem::path pipe = folder_ / "pipe.png";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_THROW(read_image(folder_), DataError);
  EXPECT_THROW(read_image(pipe), DataError);
  EXPECT_THROW(read_image("/dev/zero"), DataError);
  EXPECT_THROW(read_image(folder_ / "missing.png"), FileError);
}

}  // namespace
}  // namespace ganymede::media
