// Pictures of any size through gans that take pictures: padding, parts without seams, alpha, sizes.
#include "ganymede/infer/translate.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "../core/fixture.h"
#include "ganymede/core/error.h"
#include "ganymede/core/random.h"
#include "ganymede/infer/tiles.h"
#include "ganymede/infer/translate_files.h"
#include "ganymede/media/codec.h"
#include "ganymede/media/resize.h"

namespace ganymede::infer {
namespace {

SampleSpec picture_spec(int64_t channels, int64_t side) {
  SampleSpec spec;
  spec.domain = "image";
  spec.shape = {channels, side, side};
  return spec;
}

// What a ToyGan can do, beside its function.
struct Abilities {
  int64_t multiple = 1, enlarges = 1;
  std::vector<std::string> directions = {};
};

// A gan without weights whose translation is a function of the given picture.
class ToyGan final : public gans::Gan {
 public:
  using Function = std::function<at::Tensor(const gans::Request&)>;
  ToyGan(const SampleSpec& spec, Function function, Abilities abilities = {})
      : Gan(spec), function_(std::move(function)), abilities_(std::move(abilities)) {}

  std::vector<gans::Phase> phases() const override { return {}; }
  gans::Terms loss(const gans::Phase&, const Batch&, gans::Step&) override { return {}; }
  gans::Latent latent() const override { return {}; }
  at::Tensor generate(const gans::Request& request) override {
    largest = std::max(largest, request.given.numel());
    sides.insert({request.given.size(2), request.given.size(3)});
    return function_(request);
  }
  std::vector<std::string> directions() const override { return abilities_.directions; }
  int64_t size_multiple() const override { return abilities_.multiple; }
  int64_t enlarges() const override { return abilities_.enlarges; }

  int64_t largest = 0;  // numbers of a given picture
  std::set<std::pair<int64_t, int64_t>> sides;

 private:
  Function function_;
  Abilities abilities_;
};

SampleSpec translation(int64_t channels = 3, int64_t side = 16) {
  SampleSpec spec = picture_spec(channels, side);
  spec.given = {picture_spec(channels, side)};
  return spec;
}

media::Image noise(int width, int height, int channels, uint64_t seed = 1) {
  media::Image image = media::make_image(width, height, channels);
  Stream random(seed, "picture");
  for (uint8_t& pixel : image.pixels) pixel = static_cast<uint8_t>(random.below(256));
  return image;
}

at::Tensor same(const gans::Request& request) { return request.given; }

// Stride 2 down, 3 x 3, and up again: sight of 1 + 2 + 2 px on a grid of 2, with zero padding.
at::Tensor local_network(const gans::Request& request) {
  Stream random(5, "weights");
  const at::Tensor down = random.normal({4, 3, 4, 4}) * 0.1,
                   middle = random.normal({4, 4, 3, 3}) * 0.2,
                   up = random.normal({4, 3, 4, 4}) * 0.2;
  at::Tensor x = at::conv2d(request.given, down, {}, 2, 1).relu();
  x = at::conv2d(x, middle, {}, 1, 1).relu();
  return at::conv_transpose2d(x, up, {}, 2, 1).tanh();
}

int largest_difference(const media::Image& a, const media::Image& b) {
  EXPECT_EQ(a.width, b.width);
  EXPECT_EQ(a.height, b.height);
  EXPECT_EQ(a.channels, b.channels);
  int largest = 0;
  for (size_t i = 0; i < a.pixels.size(); ++i)
    largest = std::max(largest, std::abs(int{a.pixels[i]} - int{b.pixels[i]}));
  return largest;
}

TEST(Parts, StartsCoverEverythingOnTheGrid) {
  for (const int64_t multiple : {1, 4, 16}) {
    for (const int64_t overlap : {0, 7, 32}) {
      for (int64_t length = multiple; length < 700; length += 3 * multiple) {
        const int64_t least = (multiple + overlap + multiple - 1) / multiple * multiple;
        const int64_t tile = std::min(length, std::max<int64_t>(64, least));
        const auto starts = part_starts(length, tile, overlap, multiple);
        EXPECT_EQ(starts.front(), 0);
        EXPECT_EQ(starts.back() + tile, length);
        for (size_t i = 0; i < starts.size(); ++i) {
          EXPECT_EQ(starts[i] % multiple, 0);
          if (i == 0) continue;
          EXPECT_GT(starts[i], starts[i - 1]);
          EXPECT_GE(starts[i - 1] + tile - starts[i], overlap);
        }
      }
    }
  }
}

TEST(Parts, ReflectionGoesOnForever) {
  media::Image row = media::make_image(3, 1, 1);
  row.pixels = {10, 20, 30};
  const media::Image wide = reflected_part(row, -4, 0, 12, 2);
  EXPECT_EQ(std::vector<uint8_t>(wide.row(0), wide.row(0) + 12),
            (std::vector<uint8_t>{10, 20, 30, 20, 10, 20, 30, 20, 10, 20, 30, 20}));
  EXPECT_EQ(std::vector<uint8_t>(wide.row(1), wide.row(1) + 12),
            std::vector<uint8_t>(wide.row(0), wide.row(0) + 12));
  EXPECT_EQ(reflected_part(row, 0, 0, 3, 1), row);
}

TEST(Parts, IdentityIsExactForEverySizeAndTile) {
  const PartFunction same_part = [](const media::Image& part) { return part; };
  for (const auto& [width, height] : {std::pair{1, 1}, {5, 3}, {64, 64}, {97, 33}, {200, 131}}) {
    const media::Image image = noise(width, height, 3);
    for (const int64_t tile : {0, 16, 40, 1000}) {
      for (const int64_t overlap : {0, 5, 16}) {
        for (const int64_t multiple : {1, 8}) {
          EXPECT_EQ(in_parts(image, {multiple, tile, overlap, 1}, same_part), image);
        }
      }
    }
  }
}

TEST(Parts, WrongSidesAreRefused) {
  const media::Image image = noise(8, 8, 3);
  const PartFunction half = [](const media::Image& part) {
    return media::resize(part, part.width / 2, part.height);
  };
  EXPECT_THROW(in_parts(image, {1, 0, 0, 1}, half), UsageError);
  EXPECT_THROW(in_parts(image, {1, -3, 0, 1}, half), UsageError);
}

TEST(Translate, PartsOfALocalNetworkAreTheWholePicture) {
  ToyGan gan(translation(), local_network, {.multiple = 4});
  const media::Image image = noise(151, 118, 3);
  const media::Image whole = Translator(gan, at::kCPU, {.tile_px = -1})(image);
  EXPECT_EQ(gan.sides, (std::set<std::pair<int64_t, int64_t>>{{120, 152}}));
  gan.sides.clear();
  const media::Image parts = Translator(gan, at::kCPU, {.tile_px = 48, .overlap_px = 32})(image);
  EXPECT_EQ(gan.sides, (std::set<std::pair<int64_t, int64_t>>{{48, 48}}));
  EXPECT_LE(largest_difference(whole, parts), 1);  // sums in another order may round otherwise
  // Without an overlap the parts do not see their surroundings: the test can fail.
  const media::Image apart = Translator(gan, at::kCPU, {.tile_px = 48, .overlap_px = 0})(image);
  EXPECT_GT(largest_difference(whole, apart), 10);
}

TEST(Translate, BrightnessThatDiffersByPartIsBlended) {
  // Every part is made of one grey that depends on its first pixel.
  ToyGan gan(translation(), [](const gans::Request& request) {
    return at::zeros_like(request.given) + request.given[0][0][0][0];
  });
  media::Image image = media::make_image(160, 8, 3);
  for (int y = 0; y < 8; ++y)
    for (int x = 0; x < 160; ++x) std::fill_n(image.at(x, y), 3, static_cast<uint8_t>(x));
  const media::Image made = Translator(gan, at::kCPU, {.tile_px = 64, .overlap_px = 32})(image);
  int steepest = 0;
  for (int x = 1; x < 160; ++x)
    steepest = std::max(steepest, std::abs(int{*made.at(x, 4)} - int{*made.at(x - 1, 4)}));
  EXPECT_LE(steepest, 3);  // 32 grey levels over 16 px
  EXPECT_GT(*made.at(159, 4), 80);
}

TEST(Translate, AnySizeIsExtendedAndCutBack) {
  ToyGan gan(translation(), same, {.multiple = 16});
  const Translator translator(gan, at::kCPU, {});
  for (const auto& [width, height] : {std::pair{1, 1}, {17, 5}, {64, 48}}) {
    const media::Image image = noise(width, height, 3);
    EXPECT_EQ(translator(image), image);
  }
  for (const auto& [height, width] : gan.sides) {
    EXPECT_EQ(height % 16, 0);
    EXPECT_EQ(width % 16, 0);
  }
}

TEST(Translate, LargePicturesGoInPartsOfBoundedSize) {
  ToyGan gan(translation(), same, {.multiple = 4});
  const Translator translator(gan, at::kCPU, {});
  EXPECT_FALSE(translator.in_parts(700, 500));
  EXPECT_TRUE(translator.in_parts(1024, 768));
  const media::Image image = noise(1100, 900, 3);
  EXPECT_EQ(translator(image), image);
  EXPECT_LE(gan.largest, 3 * 512 * 512);
}

TEST(Translate, EnlargingGansGiveLargerPicturesInSmallerParts) {
  const auto enlarge = [](const gans::Request& request) {
    return request.given.repeat_interleave(4, 2).repeat_interleave(4, 3);
  };
  ToyGan gan(translation(), enlarge, {.enlarges = 4});
  const media::Image image = noise(300, 200, 3);
  int64_t told = 0, parts = 0;
  const media::Image made = Translator(gan, at::kCPU, {})(image, [&](int64_t done, int64_t total) {
    told = done;
    parts = total;
  });
  EXPECT_EQ(made, media::resize_nearest(image, 1200, 800));
  EXPECT_LE(gan.largest, 3 * 128 * 128);
  EXPECT_EQ(told, parts);
  EXPECT_GT(parts, 4);
}

TEST(Translate, AlphaIsCarriedOverAndColourLiesOnWhite) {
  ToyGan gan(translation(),
             [](const gans::Request& request) {
               return request.given.repeat_interleave(2, 2).repeat_interleave(2, 3);
             },
             {.enlarges = 2});
  media::Image image = media::make_image(4, 4, 4, 0);  // black, transparent
  for (int y = 0; y < 4; ++y) image.at(3, y)[3] = 255;
  const media::Image made = Translator(gan, at::kCPU, {})(image);
  ASSERT_EQ(made.channels, 4);
  ASSERT_EQ(made.width, 8);
  EXPECT_EQ(made.at(0, 0)[0], 255);  // what shows through
  EXPECT_EQ(made.at(0, 0)[3], 0);
  EXPECT_EQ(made.at(7, 7)[0], 0);
  EXPECT_EQ(made.at(7, 7)[3], 255);
  EXPECT_EQ(Translator(gan, at::kCPU, {})(media::make_image(2, 2, 2, 7)).channels, 4);
}

TEST(Translate, GreyAndColourAreReadAsTheModelNeedsThem) {
  ToyGan grey(translation(1), same);
  media::Image red = media::make_image(2, 2, 3);
  for (size_t i = 0; i < red.pixels.size(); i += 3) red.pixels[i] = 255;
  const media::Image made = Translator(grey, at::kCPU, {})(red);
  EXPECT_EQ(made.channels, 1);
  EXPECT_EQ(made.pixels[0], 76);  // Rec. 601
  ToyGan color(translation(3), same);
  EXPECT_EQ(Translator(color, at::kCPU, {})(media::make_image(2, 2, 1, 9)).channels, 3);
}

TEST(Translate, LightnessAndClassIdsAreMadeOfPictures) {
  SampleSpec spec = translation();
  spec.given = {picture_spec(1, 16)};
  spec.given[0].domain_state = media::state_of(media::Meaning::kLightness);
  ToyGan lab(spec, same);
  EXPECT_EQ(Translator(lab, at::kCPU, {})(media::make_image(2, 2, 3, 119)).pixels[0], 128);
  spec = translation();
  spec.given[0].domain_state = media::state_of(media::Meaning::kLabels);
  ToyGan labels(spec, same);
  const media::Image colored = Translator(labels, at::kCPU, {})(media::make_image(2, 2, 1, 3));
  EXPECT_EQ(colored.pixels[0], 128);
  EXPECT_EQ(colored.pixels[2], 0);
}

TEST(Translate, GansOfOneSizeGetThatSize) {
  ToyGan gan(translation(3, 16), same, {.multiple = 0});
  const Translator translator(gan, at::kCPU, {.tile_px = 8});
  EXPECT_FALSE(translator.in_parts(1000, 1000));
  const media::Image image = noise(16, 16, 3);
  EXPECT_EQ(translator(image), image);
  const media::Image made = translator(noise(70, 33, 3));
  EXPECT_EQ(made.width, 70);
  EXPECT_EQ(made.height, 33);
  EXPECT_EQ(gan.sides, (std::set<std::pair<int64_t, int64_t>>{{16, 16}}));
}

TEST(Translate, DirectionsByName) {
  ToyGan gan(translation(),
             [](const gans::Request& request) {
               return at::full_like(request.given, request.direction == 0 ? -1.0 : 1.0);
             },
             {.directions = {"A to B", "B to A"}});
  for (const char* name : {"", "A to B", "a_to_b", "AtoB", "0"})
    EXPECT_EQ(direction_number(gan, name), 0U) << name;
  EXPECT_EQ(direction_number(gan, "BtoA"), 1U);
  EXPECT_THROW(direction_number(gan, "C to A"), UsageError);
  const media::Image image = noise(4, 4, 3);
  EXPECT_EQ(Translator(gan, at::kCPU, {.direction = "b_to_a"})(image).pixels[0], 255);
  EXPECT_EQ(Translator(gan, at::kCPU, {})(image).pixels[0], 0);
  ToyGan one_way(translation(), same);
  EXPECT_THROW(Translator(one_way, at::kCPU, {.direction = "B to A"}), UsageError);
}

TEST(Translate, OtherGansAndOptionsAreRefused) {
  ToyGan unconditional(picture_spec(3, 16), same);
  EXPECT_THROW(Translator(unconditional, at::kCPU, {}), UsageError);
  SampleSpec spoken = translation();
  spoken.given[0] = {"text", {12}};
  ToyGan words(spoken, same);
  EXPECT_THROW(Translator(words, at::kCPU, {}), UsageError);
  ToyGan gan(translation(), same);
  EXPECT_THROW(Translator(gan, at::kCPU, {.tile_px = -2}), UsageError);
  EXPECT_THROW(Translator(gan, at::kCPU, {.overlap_px = -1}), UsageError);
}

TEST(TranslateFiles, NamesAndFormats) {
  const auto files = files_of_folder("in", {"a.jpg", "b.pgm", "deep/c.GIF", "d.PNG"}, "out", "");
  EXPECT_EQ(files[0].out, "out/a.jpg");
  EXPECT_EQ(files[1].out, "out/b.png");
  EXPECT_EQ(files[2].out, "out/deep/c.png");
  EXPECT_EQ(files[3].out, "out/d.PNG");
  EXPECT_EQ(files_of_folder("in", {"a.jpg"}, "out", "webp")[0].out, "out/a.webp");
  EXPECT_EQ(single_file("in/a.jpg", "b.png", "").out, "b.png");
  EXPECT_EQ(single_file("in/a.jpg", "folder", "").out, "folder/a.jpg");
  EXPECT_THROW(single_file("in/a.jpg", "b.tiff", ""), UsageError);
}

class TranslateFolder : public ::testing::Test {
 protected:
  std::vector<TranslateOutcome> run(const std::vector<TranslateFile>& files,
                                    const FileOptions& options = {}) {
    return translate_files(files,
                           {.read = [](const auto& path) { return media::read_image(path); },
                            .translate = [](const media::Image& image) { return image; },
                            .report = [this](const TranslateOutcome&) { ++reported; }},
                           options);
  }
  std::filesystem::path at(const std::string& name) const { return temp_.path() / name; }

  TempFolder temp_;
  int reported = 0;
};

TEST_F(TranslateFolder, BadOnesAreNamedAndTheRestGoesOn) {
  media::write_image(at("a.png"), noise(8, 8, 3));
  std::ofstream(at("b.png")) << "no picture";
  media::write_image(at("c.png"), noise(8, 8, 4));
  const auto outcomes =
      run(files_of_folder(temp_.path(), {"a.png", "b.png", "gone.png", "c.png"}, at("out"), "jpg"));
  ASSERT_EQ(outcomes.size(), 4U);
  EXPECT_EQ(reported, 4);
  EXPECT_TRUE(outcomes[0].problem.empty());
  EXPECT_NE(outcomes[1].problem.find("b.png"), std::string::npos);
  EXPECT_NE(outcomes[2].problem.find("gone.png"), std::string::npos);
  EXPECT_TRUE(outcomes[3].problem.empty()) << outcomes[3].problem;  // a JPEG without its alpha
  EXPECT_TRUE(std::filesystem::exists(at("out/c.jpg")));
  EXPECT_FALSE(std::filesystem::exists(at("out/b.jpg")));
}

TEST_F(TranslateFolder, NothingIsReplacedUnlessForced) {
  media::write_image(at("a.png"), noise(8, 8, 3));
  std::filesystem::create_directory(at("out"));
  media::write_image(at("out/a.png"), noise(4, 4, 1));
  const auto files = files_of_folder(temp_.path(), {"a.png"}, at("out"), "");
  EXPECT_NE(run(files)[0].problem.find("--force"), std::string::npos);
  EXPECT_EQ(media::read_image(at("out/a.png")).width, 4);
  EXPECT_TRUE(run(files, {.force = true})[0].problem.empty());
  EXPECT_EQ(media::read_image(at("out/a.png")).width, 8);
  media::write_image(at("a.webp"), noise(8, 8, 3));
  const auto twice = run(files_of_folder(temp_.path(), {"a.png", "a.webp"}, at("new"), "png"));
  EXPECT_TRUE(twice[0].problem.empty());
  EXPECT_NE(twice[1].problem.find("another picture"), std::string::npos);
}

TEST_F(TranslateFolder, StripsShowBeforeAndAfter) {
  media::write_image(at("a.png"), noise(40, 30, 3));
  EXPECT_TRUE(run(files_of_folder(temp_.path(), {"a.png"}, at("out"), ""), {.strip = true})[0]
                  .problem.empty());
  const media::Image strip = media::read_image(at("out/a-strip.png"));
  EXPECT_GE(strip.width, 80);
  EXPECT_GT(strip.height, 30);
  EXPECT_LT(strip.height, 60);
}

}  // namespace
}  // namespace ganymede::infer
