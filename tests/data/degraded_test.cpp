// Damage by text, parts of pictures beside their damaged form.
#include "ganymede/data/degraded.h"

#include <gtest/gtest.h>

#include <cmath>

#include "ganymede/media/bicubic.h"
#include "ganymede/media/resize.h"
#include "support.h"

namespace ganymede::data {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace)

media::Image textured(int width, int height, int channels, int seed = 0) {
  media::Image image = media::make_image(width, height, channels);
  Stream random(static_cast<uint64_t>(seed), "texture");
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x)
      for (int c = 0; c < channels; ++c)
        *(image.at(x, y) + c) = static_cast<uint8_t>(127 + 60 * std::sin(0.3 * x + c) +
                                                     50 * std::cos(0.21 * y) + random.below(16));
  return image;
}

std::string refusal(const std::string& steps) {
  try {
    Degradation::parse(steps, 2);
  } catch (const UsageError& error) {
    return error.what();
  }
  return {};
}

TEST(Degradation, IsReadFromText) {
  const Degradation all = Degradation::parse("jpeg=30-95, blur=1.2,noise=0-25", 2);
  EXPECT_EQ(all.blur, (DrawnNumber{1.2, 1.2}));
  EXPECT_EQ(all.noise, (DrawnNumber{0, 25}));
  EXPECT_EQ(all.jpeg_quality, (DrawnNumber{30, 95}));
  EXPECT_EQ(all.scale, 2);
  Degradation smaller;
  smaller.scale = 3;
  EXPECT_EQ(Degradation::parse("", 3), smaller);
}

TEST(Degradation, NonsenseIsRefusedByName) {
  EXPECT_TRUE(contains(refusal("nois=3"), "noise=")) << refusal("nois=3");
  EXPECT_TRUE(contains(refusal("noise=3,noise=4"), "twice"));
  EXPECT_TRUE(contains(refusal("noise=9-4"), "noise=9-4"));
  EXPECT_TRUE(contains(refusal("jpeg=0"), "1 to 100"));
  EXPECT_TRUE(contains(refusal("blur=soft"), "blur=SIGMA"));
  EXPECT_TRUE(contains(refusal("blur"), "blur=SIGMA"));
  EXPECT_TRUE(contains(refusal("blur=1-2-3"), "blur=1-2-3"));
  EXPECT_TRUE(contains(refusal("blur=-1"), "blur"));
}

TEST(Degradation, WithoutDamageOnlyTheScaleIsLeft) {
  const media::Image clean = textured(24, 16, 3);
  Stream random(1, "x");
  EXPECT_EQ(degraded(clean, Degradation::parse("", 1), random), clean);
  EXPECT_EQ(degraded(clean, Degradation::parse("", 2), random), media::bicubic(clean, 12, 8));
}

// What a part looks like does not depend on where it was cut: no seams of mirrored edges.
TEST(Degradation, APartIsThatPartOfTheWhole) {
  const media::Image clean = textured(62, 51, 3);
  for (const int scale : {1, 2, 3}) {
    const Degradation damage = Degradation::parse("blur=1.1", scale);
    Stream random(1, "x");
    const media::Image whole = degraded(media::crop_to_multiple(clean, scale), damage, random);
    for (const auto& [x, y] : {std::pair{0, 0}, {12, 6}, {36, 24}, {18, 0}}) {
      const media::Image part = degraded(clean, x, y, 24, 24, damage, random);
      EXPECT_EQ(part, media::crop(whole, x / scale, y / scale, 24 / scale, 24 / scale))
          << scale << " at " << x << ", " << y;
    }
  }
}

TEST(Degradation, NoiseHasItsDeviation) {
  const media::Image grey = plain(200, 100, {128});
  Stream random(5, "x");
  const media::Image noisy = degraded(grey, Degradation::parse("noise=25", 1), random);
  double sum = 0, squares = 0;
  for (const uint8_t value : noisy.pixels) {
    sum += value - 128.0;
    squares += (value - 128.0) * (value - 128.0);
  }
  const auto count = static_cast<double>(noisy.pixels.size());
  EXPECT_NEAR(sum / count, 0, 0.7);
  EXPECT_NEAR(std::sqrt(squares / count), 25, 0.5);
}

TEST(Degradation, JpegAltersMoreAtLowerQuality) {
  const media::Image clean = textured(48, 48, 3);
  const auto apart = [&](const std::string& steps) {
    Stream random(1, "x");
    const media::Image damaged = degraded(clean, Degradation::parse(steps, 1), random);
    double sum = 0;
    for (size_t i = 0; i < clean.pixels.size(); ++i)
      sum += std::abs(clean.pixels[i] - damaged.pixels[i]);
    return sum;
  };
  EXPECT_GT(apart("jpeg=90"), 0);
  EXPECT_GT(apart("jpeg=10"), 2 * apart("jpeg=90"));
}

DataConfig parts_of(const fs::path& folder, int64_t patch, int64_t scale) {
  DataConfig config;
  config.path = folder.string();
  config.form = "degraded";
  config.patch_px = patch;
  config.scale = scale;
  return config;
}

TEST(DegradedData, PairsOfDifferentPicturesAndTheirSizes) {
  const TempFolder folder;
  write_png(folder / "a.png", textured(40, 30, 3, 1));
  write_png(folder / "b.png", textured(25, 61, 3, 2));
  const auto set = open_dataset(parts_of(folder.path(), 16, 4));
  EXPECT_EQ(set->size(), 2);
  EXPECT_EQ(set->spec().domain, "image");
  EXPECT_EQ(set->spec().shape, (std::vector<int64_t>{3, 16, 16}));
  ASSERT_TRUE(set->spec().takes_given());
  EXPECT_EQ(set->spec().given[0].shape, (std::vector<int64_t>{3, 4, 4}));
  EXPECT_EQ(set->spec().classes, 0);
}

TEST(DegradedData, TheGivenIsTheDamagedFormOfTheSample) {
  const TempFolder folder;
  const media::Image clean = textured(40, 36, 3);
  write_png(folder / "a.png", clean);
  const auto set = open_dataset(parts_of(folder.path(), 16, 2));
  std::vector<float> sample(3 * 16 * 16), given(3 * 8 * 8);
  std::set<std::vector<float>> seen;
  for (uint64_t key = 0; key < 8; ++key) {
    Stream random(3, "data", key);
    set->read_pair(0, random, sample.data(), given.data());
    Stream again(3, "data", key);
    const int x = static_cast<int>(2 * again.below(13)), y = static_cast<int>(2 * again.below(11));
    const media::Image part = media::crop(clean, x, y, 16, 16);
    const media::Image small = media::crop(media::bicubic(clean, 20, 18), x / 2, y / 2, 8, 8);
    EXPECT_FLOAT_EQ(sample[0], as_float(part.pixels[0]));
    EXPECT_FLOAT_EQ(sample[256 + 17], as_float(part.pixels[3 * 17 + 1]));
    for (size_t i = 0; i < 64; ++i)
      ASSERT_NEAR(given[64 + i], as_float(small.pixels[3 * i + 1]), 1e-6) << i;
    seen.insert(given);
  }
  EXPECT_GT(seen.size(), 4U);
}

TEST(DegradedData, SmallAndBrokenPicturesAreNamed) {
  const TempFolder folder;
  write_png(folder / "large.png", textured(20, 20, 1));
  write_png(folder / "small.png", textured(20, 15, 1));
  write_bytes(folder / "broken.png", "no picture");
  const auto set = open_dataset(parts_of(folder.path(), 16, 1));
  EXPECT_EQ(set->size(), 1);
  EXPECT_EQ(set->spec().shape[0], 1);
  ASSERT_EQ(set->broken().size(), 2U);
  EXPECT_TRUE(contains(set->broken()[0].path, "broken.png"));
  EXPECT_TRUE(contains(set->broken()[1].reason, "20 x 15 px"));
  DataConfig strict = parts_of(folder.path(), 16, 1);
  strict.strict = true;
  EXPECT_THROW(open_dataset(strict), DataError);
  EXPECT_THROW(open_dataset(parts_of(folder.path(), 64, 1)), DataError);
}

TEST(DegradedData, WholePicturesAreOfOneSizeAndPatchesFitTheScale) {
  const TempFolder folder;
  write_png(folder / "a.png", textured(21, 19, 3));
  write_png(folder / "b.png", textured(20, 18, 3));
  const auto set = open_dataset(parts_of(folder.path(), 0, 2));
  EXPECT_EQ(set->spec().shape, (std::vector<int64_t>{3, 18, 20}));
  write_png(folder / "c.png", textured(30, 18, 3));
  EXPECT_THROW(open_dataset(parts_of(folder.path(), 0, 2)), DataError);
  EXPECT_THROW(open_dataset(parts_of(folder.path(), 15, 2)), UsageError);
}

TEST(DegradedData, TheFingerprintKnowsTheDamage) {
  const TempFolder folder;
  write_png(folder / "a.png", textured(20, 20, 3));
  DataConfig config = parts_of(folder.path(), 16, 1);
  const std::string plain_print = open_dataset(config)->fingerprint();
  config.degrade = "noise=25";
  EXPECT_NE(open_dataset(config)->fingerprint(), plain_print);
  EXPECT_EQ(open_dataset(config)->fingerprint(), open_dataset(config)->fingerprint());
}

}  // namespace
}  // namespace ganymede::data
