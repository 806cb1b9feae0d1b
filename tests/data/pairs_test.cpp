// Pairs of pictures: where they lie, what is wrong with them, and that both sides are treated
// alike.
#include <gtest/gtest.h>

#include <set>

#include "ganymede/data/pairs/open_pairs.h"
#include "ganymede/data/pairs/pair_layout.h"
#include "ganymede/media/meaning.h"
#include "support.h"

namespace ganymede::data {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace)

DataConfig in_form(const fs::path& path, const std::string& form) {
  DataConfig config = at_path(path);
  config.form = form;
  return config;
}

std::shared_ptr<PairDataset> read_from(const DataConfig& config) {
  return read_pairs(config.path, config);
}

std::string error_of(const DataConfig& config) {
  try {
    read_from(config);
  } catch (const Error& error) {
    return error.what();
  }
  return {};
}

struct Pair {
  std::vector<float> sample, given;
};

Pair read_pair(const PairDataset& set, int64_t index, uint64_t chance = 0) {
  Pair pair;
  pair.sample.resize(static_cast<size_t>(set.spec().elements()));
  pair.given.resize(static_cast<size_t>(set.spec().given[0].elements()));
  Stream random(chance, "test", static_cast<uint64_t>(index));
  set.read_pair(index, random, pair.sample.data(), pair.given.data());
  return pair;
}

// Every pixel has its own colour: its place, and a mark in blue.
media::Image mapped(int width, int height, uint8_t mark) {
  media::Image image = media::make_image(width, height, 3);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      image.at(x, y)[0] = static_cast<uint8_t>(x);
      image.at(x, y)[1] = static_cast<uint8_t>(y);
      image.at(x, y)[2] = mark;
    }
  }
  return image;
}

media::Image beside(const media::Image& a, const media::Image& b) {
  media::Image both = media::make_image(a.width + b.width, a.height, 3);
  for (int y = 0; y < a.height; ++y) {
    std::copy(a.row(y), a.row(y) + a.row_bytes(), both.row(y));
    std::copy(b.row(y), b.row(y) + b.row_bytes(), both.at(a.width, y));
  }
  return both;
}

std::vector<std::string> broken_names(const Dataset& set) {
  std::vector<std::string> names;
  for (const BrokenFile& file : set.broken()) names.push_back(fs::path(file.path).filename());
  return names;
}

TEST(PairPlace, FoldersSaySideSplitAndKey) {
  const auto text = [](const std::string& path) {
    const PairPlace place = pair_place(path);
    return std::string(1, place.side == 0 ? '-' : place.side) + (place.labels ? "!" : "") + " " +
           place.split + " " + place.key;
  };
  EXPECT_EQ(text("trainA/x.jpg"), "a train x");
  EXPECT_EQ(text("set/test_B/y/x.png"), "b test set/y/x");
  EXPECT_EQ(text("val/A/x.png"), "a val x");
  EXPECT_EQ(text("B/training/x.png"), "b train x");
  EXPECT_EQ(text("trainannot/x.png"), "a! train x");
  EXPECT_EQ(text("train_label/x.png"), "a! train x");
  EXPECT_EQ(text("train_img/x.png"), "b train x");
  EXPECT_EQ(text("train_inst/x.png"), "x train x");
  EXPECT_EQ(text("train/x.png"), "- train x");
  EXPECT_EQ(text("trainers/Bear/x.png"), "-  trainers/Bear/x");
  EXPECT_EQ(text("a/x.png"), "-  a/x");
}

TEST(Pairs, SideBySideSplitsInTheMiddle) {
  const TempFolder folder;
  write_png(folder / "train/1.png", beside(mapped(6, 4, 1), mapped(6, 4, 2)));
  write_png(folder / "val/2.png", beside(mapped(6, 4, 3), mapped(6, 4, 4)));
  const auto set = read_from(in_form(folder.path(), "auto"));
  EXPECT_EQ(set->kind(), "pairs side by side");
  ASSERT_EQ(set->size(), 1);
  EXPECT_EQ(set->spec().shape, (std::vector<int64_t>{3, 4, 6}));
  EXPECT_EQ(set->spec().given.at(0).shape, (std::vector<int64_t>{3, 4, 6}));
  const Pair pair = read_pair(*set, 0);
  EXPECT_FLOAT_EQ(pair.given[48], as_float(1));
  EXPECT_FLOAT_EQ(pair.sample[48], as_float(2));
  EXPECT_FLOAT_EQ(pair.given[5], as_float(5));
  EXPECT_FLOAT_EQ(pair.sample[5], as_float(5));
  DataConfig test = in_form(folder.path(), "side_by_side");
  test.split = "test";
  EXPECT_FLOAT_EQ(read_pair(*read_from(test), 0).sample[48], as_float(4));
}

TEST(Pairs, OtherDirection) {
  const TempFolder folder;
  write_png(folder / "1.png", beside(mapped(4, 4, 1), mapped(4, 4, 2)));
  DataConfig config = in_form(folder.path(), "side_by_side");
  const auto there = read_from(config);
  config.direction = "b_to_a";
  const auto back = read_from(config);
  EXPECT_EQ(read_pair(*there, 0).sample, read_pair(*back, 0).given);
  EXPECT_EQ(read_pair(*there, 0).given, read_pair(*back, 0).sample);
  EXPECT_NE(there->fingerprint(), back->fingerprint());
}

TEST(Pairs, FoldersMeetByNameAndNameWhatIsMissing) {
  const TempFolder folder;
  write_png(folder / "A/1.png", mapped(4, 4, 1));
  write_png(folder / "A/deep/2.png", mapped(4, 4, 2));
  write_png(folder / "A/3.png", mapped(4, 4, 3));
  write_png(folder / "A/4.png", mapped(4, 5, 4));
  write_png(folder / "A/5.png", mapped(4, 4, 5));
  write_png(folder / "B/1.png", mapped(4, 4, 11));
  write_png(folder / "B/deep/2.png", mapped(4, 4, 12));
  write_png(folder / "B/4.png", mapped(4, 4, 14));
  write_png(folder / "B/6.png", mapped(4, 4, 16));
  write_bytes(folder / "B/5.png", "no picture");
  write_bytes(folder / "A/notes.txt", "about");
  const auto set = read_from(in_form(folder.path(), "auto"));
  EXPECT_EQ(set->kind(), "pairs in two folders");
  ASSERT_EQ(set->size(), 2);
  for (int64_t i = 0; i < 2; ++i) {
    const Pair pair = read_pair(*set, i);
    EXPECT_FLOAT_EQ(pair.given[32], as_float(static_cast<int>(i) + 1));
    EXPECT_FLOAT_EQ(pair.sample[32], as_float(static_cast<int>(i) + 11));
  }
  const auto names = broken_names(*set);
  EXPECT_EQ(std::set<std::string>(names.begin(), names.end()),
            (std::set<std::string>{"3.png", "4.png", "5.png", "6.png"}));
  for (const BrokenFile& file : set->broken()) {
    const std::string expected = file.path.ends_with("A/3.png")   ? "side B"
                                 : file.path.ends_with("B/6.png") ? "side A"
                                 : file.path.ends_with("4.png")   ? "4 x 5 px"
                                                                  : "";
    EXPECT_TRUE(contains(file.reason, expected)) << file.path << ": " << file.reason;
  }
  DataConfig strict = in_form(folder.path(), "folders");
  strict.strict = true;
  EXPECT_TRUE(contains(error_of(strict), "no partner"));
}

TEST(Pairs, UnpairedSidesOfOtherCountsDrawPartners) {
  const TempFolder folder;
  for (int i = 0; i < 5; ++i)
    write_png(folder / ("trainA/cat" + std::to_string(i) + ".png"),
              mapped(4, 4, static_cast<uint8_t>(i)));
  for (int i = 0; i < 3; ++i)
    write_png(folder / ("trainB/dog" + std::to_string(i) + ".png"),
              mapped(4, 4, static_cast<uint8_t>(100 + i)));
  write_png(folder / "testA/cat.png", mapped(4, 4, 50));
  write_png(folder / "testB/dog.png", mapped(4, 4, 150));
  const auto set = read_from(in_form(folder.path(), "auto"));
  EXPECT_EQ(set->kind(), "two unpaired folders");
  EXPECT_EQ(set->size(), 3);
  EXPECT_EQ(set->givers(), 5);
  std::set<float> partners;
  for (uint64_t chance = 0; chance < 60; ++chance) {
    const Pair pair = read_pair(*set, 1, chance);
    EXPECT_FLOAT_EQ(pair.sample[32], as_float(101));
    partners.insert(pair.given[32]);
  }
  EXPECT_EQ(partners.size(), 5U);  // every A meets this B some time
  EXPECT_EQ(read_pair(*set, 1, 7).given, read_pair(*set, 1, 7).given);
  DataConfig test = in_form(folder.path(), "unpaired");
  test.split = "test";
  EXPECT_FLOAT_EQ(read_pair(*read_from(test), 0).given[32], as_float(50));
}

TEST(Pairs, TwoClassesAreSides) {
  const TempFolder folder;
  for (int i = 0; i < 4; ++i)
    write_png(folder / ("daisy/" + std::to_string(i) + ".png"),
              mapped(4, 4, static_cast<uint8_t>(i)));
  for (int i = 0; i < 3; ++i)
    write_png(folder / ("rose/" + std::to_string(i) + ".png"),
              mapped(4, 4, static_cast<uint8_t>(100 + i)));
  const auto set = read_from(in_form(folder.path(), "unpaired"));
  EXPECT_EQ(set->kind(), "two unpaired classes");
  EXPECT_EQ(set->size(), 3);
  EXPECT_EQ(set->givers(), 4);
  EXPECT_FLOAT_EQ(read_pair(*set, 1, 0).sample[32], as_float(101));

  write_png(folder / "tulip/0.png", mapped(4, 4, 200));
  EXPECT_TRUE(contains(error_of(in_form(folder.path(), "unpaired")), "daisy, rose, tulip"));
  DataConfig named = in_form(folder.path(), "unpaired");
  named.sides = "tulip, daisy";
  const auto chosen = read_from(named);
  EXPECT_EQ(chosen->size(), 4);
  EXPECT_FLOAT_EQ(read_pair(*chosen, 2, 0).sample[32], as_float(2));
  EXPECT_FLOAT_EQ(read_pair(*chosen, 2, 0).given[32], as_float(200));
  named.sides = "tulip, dasy";
  EXPECT_TRUE(contains(error_of(named), "daisy"));
  named.sides = "tulip";
  EXPECT_TRUE(contains(error_of(named), "two classes"));
  named.sides = "rose, rose";
  EXPECT_TRUE(contains(error_of(named), "twice"));
}

TEST(Pairs, PartIsTheSameOfBothAndMoves) {
  const TempFolder folder;
  write_png(folder / "1.png", beside(mapped(40, 30, 1), mapped(40, 30, 2)));
  DataConfig config = in_form(folder.path(), "side_by_side");
  config.patch_px = 8;
  const auto set = read_from(config);
  EXPECT_EQ(set->spec().shape, (std::vector<int64_t>{3, 8, 8}));
  std::set<std::pair<float, float>> places;
  for (uint64_t chance = 0; chance < 20; ++chance) {
    const Pair pair = read_pair(*set, 0, chance);
    EXPECT_TRUE(std::equal(pair.sample.begin(), pair.sample.begin() + 128, pair.given.begin()));
    EXPECT_FLOAT_EQ(pair.sample[128], as_float(2));
    EXPECT_FLOAT_EQ(pair.given[128], as_float(1));
    places.emplace(pair.sample[0], pair.sample[64]);
  }
  EXPECT_GT(places.size(), 15U);
  EXPECT_EQ(read_sample(*set, 0), read_sample(*set, 0));
  EXPECT_EQ(read_batch(*set, {0}).samples.numel(), 192);
}

TEST(Pairs, PatchesLargerThanPicturesAreNamed) {
  const TempFolder folder;
  write_png(folder / "A/1.png", mapped(40, 30, 1));
  write_png(folder / "B/1.png", mapped(40, 30, 1));
  write_png(folder / "A/2.png", mapped(10, 30, 1));
  write_png(folder / "B/2.png", mapped(10, 30, 1));
  DataConfig config = in_form(folder.path(), "folders");
  config.patch_px = 16;
  const auto set = read_from(config);
  EXPECT_EQ(set->size(), 1);
  ASSERT_FALSE(set->broken().empty());
  EXPECT_TRUE(contains(set->broken()[0].reason, "smaller than data.patch_px=16"));
  config.patch_px = 0;
  EXPECT_TRUE(contains(error_of(config), "2 sizes: 10 x 30 (2), 40 x 30 (2)"));
  config.size_px = 8;
  config.patch_px = 16;
  EXPECT_TRUE(contains(error_of(config), "data.patch_px"));
}

TEST(Pairs, ClassIdsAreColouredAndNeverMixed) {
  const TempFolder folder;
  media::Image ids = media::make_image(9, 9, 1);
  for (size_t i = 0; i < ids.pixels.size(); ++i) ids.pixels[i] = i % 9 < 4 ? 0 : 11;
  write_png(folder / "trainannot/1.png", ids);
  write_png(folder / "train/1.png", mapped(9, 9, 77));
  DataConfig config = at_path(folder.path());
  config.size_px = 4;
  const auto set = read_from(config);
  ASSERT_EQ(set->size(), 1);
  EXPECT_EQ(media::meaning_of(set->spec().given[0].domain_state), media::Meaning::kLabels);
  EXPECT_TRUE(set->spec().domain_state.empty());
  const Pair pair = read_pair(*set, 0);
  std::set<float> reds(pair.given.begin(), pair.given.begin() + 16);
  ASSERT_EQ(reds.size(), 2U);
  EXPECT_FLOAT_EQ(*reds.begin(), -1.0F);
  EXPECT_FLOAT_EQ(*reds.rbegin(), as_float(media::label_color(11)[0]));
  EXPECT_FLOAT_EQ(pair.sample[32], as_float(77));
}

TEST(Pairs, ClassIdsAreKnownByTheirValues) {
  const TempFolder folder;
  write_png(folder / "A/1.png", plain(4, 4, {5}));
  write_png(folder / "B/1.png", mapped(4, 4, 77));
  const auto set = read_from(at_path(folder.path()));
  EXPECT_NEAR(read_pair(*set, 0).given[0], as_float(media::label_color(5)[0]), 1e-6);
  write_png(folder / "A/2.png", plain(4, 4, {200}));  // a grey photograph: not class ids at all
  write_png(folder / "B/2.png", mapped(4, 4, 77));
  EXPECT_FLOAT_EQ(read_pair(*read_from(at_path(folder.path())), 0).given[0], as_float(5));
}

TEST(Pairs, ColorizationGivesLightness) {
  const TempFolder folder;
  write_png(folder / "x/1.png", plain(4, 4, {255, 0, 0}));
  write_png(folder / "y/2.png", plain(4, 4, {119, 119, 119}));
  const auto set = read_from(in_form(folder.path(), "lab"));
  EXPECT_EQ(set->size(), 2);
  EXPECT_EQ(set->spec().shape, (std::vector<int64_t>{3, 4, 4}));
  EXPECT_EQ(set->spec().given[0].shape, (std::vector<int64_t>{1, 4, 4}));
  EXPECT_NEAR(read_pair(*set, 0).given[0], 53.24 / 50 - 1, 1e-3);
  EXPECT_FLOAT_EQ(read_pair(*set, 0).sample[0], 1.0F);
  EXPECT_NEAR(read_pair(*set, 1).given[0], 0.0, 1e-3);
  DataConfig wrong = in_form(folder.path(), "lab");
  wrong.direction = "b_to_a";
  EXPECT_TRUE(contains(error_of(wrong), "data.direction"));
}

TEST(Pairs, GreyPairsStayGreyAndTransparentOnesLieOnWhite) {
  const TempFolder folder;
  write_png(folder / "A/1.png", plain(4, 4, {200}));
  write_png(folder / "B/1.png", plain(4, 4, {0, 0}));  // grey and fully transparent
  const auto set = read_from(at_path(folder.path()));
  EXPECT_EQ(set->spec().shape[0], 1);
  EXPECT_FLOAT_EQ(read_pair(*set, 0).sample[0], 1.0F);
  DataConfig config = at_path(folder.path());
  config.channels = "rgb";
  EXPECT_EQ(read_from(config)->spec().shape[0], 3);
}

TEST(Pairs, TarWithSplitsAndTruncatedMembers) {
  const TempFolder folder;
  const std::string good = media::encode_png(mapped(4, 4, 9));
  write_bytes(folder / "pairs.tar",
              tar_member("train/A/1.png", good) + tar_member("train/B/1.png", good) +
                  tar_member("train/A/2.png", good.substr(0, good.size() / 2)) +
                  tar_member("train/B/2.png", good) + tar_member("test/A/3.png", good) +
                  tar_member("test/B/3.png", good) + tar_end());
  const auto set = read_from(at_path(folder / "pairs.tar"));
  EXPECT_EQ(set->kind(), "pairs in two folders");
  EXPECT_EQ(set->size(), 1);
  EXPECT_EQ(broken_names(*set), (std::vector<std::string>{"2.png"}));
  EXPECT_EQ(set->source().splits.size(), 2U);
  EXPECT_EQ(read_from(at_path(folder.path()))->size(), 1);  // the only archive of a folder
}

TEST(Pairs, HostileSetsAreRefusedInWords) {
  const TempFolder folder;
  write_png(folder / "odd/1.png", mapped(7, 4, 1));
  EXPECT_TRUE(contains(error_of(in_form(folder / "odd", "side_by_side")), "7 px wide"));
  EXPECT_TRUE(contains(error_of(in_form(folder / "odd", "folders")), "no two sides"));
  write_png(folder / "apart/A/1.png", mapped(4, 4, 1));
  write_png(folder / "apart/B/2.png", mapped(4, 4, 1));
  EXPECT_TRUE(contains(error_of(in_form(folder / "apart", "folders")), "data.form=unpaired"));
  write_bytes(folder / "empty/readme.txt", "nothing");
  EXPECT_TRUE(contains(error_of(in_form(folder / "empty", "auto")), "no pictures"));
  write_bytes(folder / "file.bin", "nothing");
  EXPECT_TRUE(contains(error_of(in_form(folder / "file.bin", "auto")), "no folder and no archive"));
  write_bytes(folder / "bad/A/1.png", "x");
  write_bytes(folder / "bad/B/1.png", "y");
  EXPECT_TRUE(contains(error_of(in_form(folder / "bad", "auto")), "cannot be used"));
  DataConfig test = in_form(folder / "apart", "unpaired");
  test.split = "test";
  EXPECT_TRUE(contains(error_of(test), "test"));
}

TEST(Pairs, GuessedOnlyWhereFoldersNameBothSides) {
  const TempFolder folder;
  write_png(folder / "trainA/1.png", mapped(4, 4, 1));
  write_png(folder / "trainB/2.png", mapped(4, 4, 1));
  EXPECT_TRUE(fits_pairs(folder.path(), at_path(folder.path())));
  write_png(folder / "else/3.png", mapped(4, 4, 1));
  EXPECT_FALSE(fits_pairs(folder.path(), at_path(folder.path())));
  EXPECT_TRUE(fits_pairs(folder.path(), in_form(folder.path(), "lab")));
  EXPECT_FALSE(fits_pairs(folder.path(), in_form(folder.path(), "degraded")));
}

class SharedPairs : public ::testing::Test {
 protected:
  static fs::path require(const std::string& name) {
    const fs::path path = shared_data() / name;
    return fs::exists(path) ? path : fs::path();
  }
};

TEST_F(SharedPairs, Emojitwo) {
  const fs::path root = require("emojitwo_pairs");
  if (root.empty()) GTEST_SKIP() << "no emojitwo_pairs in GANYMEDE_SHARED";
  const auto halves = read_from(in_form(root / "AB", "auto"));
  EXPECT_EQ(halves->size(), 135);
  EXPECT_TRUE(halves->broken().empty());
  EXPECT_EQ(halves->spec().shape, (std::vector<int64_t>{3, 64, 64}));
  const auto tar = read_from(at_path(root / "emojitwo_bw_colour_pairs_64.tar"));
  EXPECT_EQ(tar->size(), 490);
  EXPECT_TRUE(tar->broken().empty());
  DataConfig test = at_path(root / "emojitwo_bw_colour_pairs_64.tar");
  test.split = "test";
  EXPECT_EQ(read_from(test)->size(), 69);
  // A pair of both forms: pasting on white by another program gave the same pixels.
  const std::string name = fs::path(halves->name(0)).filename();
  for (int64_t i = 0; i < tar->size(); ++i) {
    if (fs::path(tar->name(i)).filename() != name) continue;
    const Pair a = read_pair(*tar, i), b = read_pair(*halves, 0);
    for (size_t k = 0; k < a.sample.size(); ++k) ASSERT_NEAR(a.sample[k], b.sample[k], 0.012F);
    for (size_t k = 0; k < a.given.size(); ++k) ASSERT_NEAR(a.given[k], b.given[k], 0.012F);
    return;
  }
}

TEST_F(SharedPairs, CamvidAndCatsDogs) {
  const fs::path camvid = require("camvid_pairs"), animals = require("cats_dogs_unpaired");
  if (camvid.empty() || animals.empty()) GTEST_SKIP() << "no pairs in GANYMEDE_SHARED";
  const auto streets = read_from(at_path(camvid));
  EXPECT_EQ(streets->size(), 30);
  EXPECT_EQ(streets->spec().shape, (std::vector<int64_t>{3, 360, 480}));
  EXPECT_EQ(media::meaning_of(streets->spec().given[0].domain_state), media::Meaning::kLabels);
  DataConfig config = at_path(animals);
  config.size_px = 72;
  config.patch_px = 64;
  const auto set = read_from(config);
  EXPECT_EQ(set->kind(), "two unpaired folders");
  EXPECT_EQ(set->size(), 110);
  EXPECT_EQ(set->givers(), 110);
  EXPECT_EQ(set->spec().shape, (std::vector<int64_t>{3, 64, 64}));
}

}  // namespace
}  // namespace ganymede::data
