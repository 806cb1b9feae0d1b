#include "ganymede/media/webp.h"

#include <gtest/gtest.h>

#include "ganymede/core/error.h"
#include "image_samples.h"

namespace ganymede::media {
namespace {

Image decode(const std::string& encoded) { return decode_image(encoded, "test.webp"); }

TEST(Webp, LosslessKeepsEverySample) {
  for (const int channels : {3, 4}) {
    for (const auto& [width, height] : {std::pair{1, 1}, {1, 9}, {9, 1}, {7, 13}, {64, 48}}) {
      const Image image = samples::pattern(width, height, channels);
      EXPECT_EQ(decode(encode_webp(image)), image);
    }
  }
  const Image grey = samples::pattern(20, 10, 1);
  EXPECT_EQ(decode(encode_webp(grey)), with_channels(grey, 3));
}

TEST(Webp, LossyStaysNear) {
  const Image image = samples::gradient(64, 48, 3);
  const std::string encoded = encode_webp(image, {.lossless = false, .quality = 95});
  EXPECT_LE(samples::largest_difference(decode(encoded), image), 14);
  EXPECT_LT(encode_webp(image, {.lossless = false, .quality = 10}).size(), encoded.size());
}

TEST(Webp, ProbeTellsAlphaAndAnimation) {
  const ImageInfo still = probe_image(encode_webp(samples::pattern(7, 13, 4)), "x");
  EXPECT_EQ(still.format, ImageFormat::kWebp);
  EXPECT_EQ(still.width, 7);
  EXPECT_EQ(still.height, 13);
  EXPECT_EQ(still.channels, 4);
  EXPECT_FALSE(still.animated);
  const std::string moving =
      encode_webp_animation({samples::pattern(8, 8, 3), make_image(8, 8, 3, 5)}, 40);
  EXPECT_TRUE(probe_image(moving, "x").animated);
}

TEST(Webp, AnAnimationDecodesToItsFirstFrame) {
  const Image first = samples::pattern(12, 9, 3);
  const std::string moving = encode_webp_animation({first, make_image(12, 9, 3, 90), first}, 40);
  EXPECT_EQ(convert_channels(decode(moving), Channels::kRgb), first);
}

TEST(Webp, RefusesTruncationsAndSurvivesFlips) {
  const Image image = samples::pattern(40, 30, 3);
  samples::expect_truncations_refused(encode_webp(image));
  samples::expect_truncations_refused(encode_webp(image, {.lossless = false, .quality = 80}));
  samples::expect_truncations_refused(encode_webp_animation({image, make_image(40, 30, 3)}, 40));
  samples::expect_flips_survived(encode_webp(image), 400);
  samples::expect_flips_survived(encode_webp(image, {.lossless = false, .quality = 80}), 400);
}

TEST(Webp, RefusesWhatCannotBeEncoded) {
  const Image image = make_image(4, 4, 3);
  EXPECT_THROW(encode_webp(image, {.quality = 101}), UsageError);
  EXPECT_THROW(encode_webp(make_image(16384, 1, 3)), UsageError);
  EXPECT_THROW(encode_webp_animation({}, 40), UsageError);
  EXPECT_THROW(encode_webp_animation({image, make_image(5, 4, 3)}, 40), UsageError);
  EXPECT_THROW(encode_webp_animation({image}, 0), UsageError);
}

TEST(Webp, EveryFrameOfAnAnimationComesBack) {
  const std::vector<Image> frames = {make_image(9, 5, 3, 10), samples::pattern(9, 5, 3),
                                     make_image(9, 5, 3, 200)};
  const std::string bytes = encode_webp_animation(frames, 50);
  EXPECT_EQ(decode_webp_frames(bytes, "x", {}, 10), frames);
  EXPECT_EQ(decode_webp_frames(bytes, "x", {}, 2).size(), 2U);
  EXPECT_EQ(decode_webp_frames(encode_webp(frames[1]), "x", {}, 9).size(), 1U);
  EXPECT_THROW(decode_webp_frames(bytes, "x", {.max_pixels = 100}, 10), DataError);
  EXPECT_THROW(decode_webp_frames(bytes.substr(0, 40), "x", {}, 10), DataError);
}

}  // namespace
}  // namespace ganymede::media
