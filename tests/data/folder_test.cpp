// Folders, tars and zips of pictures: classes, splits, sizes, channels, broken files.
#include <gtest/gtest.h>

#include "ganymede/data/folder_labels.h"
#include "ganymede/data/label_file.h"
#include "ganymede/media/zip.h"
#include "support.h"

namespace ganymede::data {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace)

TEST(Folder, SubfoldersAreClassesAndFilesAreSorted) {
  const TempFolder folder;
  write_png(folder / "dog/2.png", plain(4, 4, {30, 31, 32}));
  write_png(folder / "cat/b.png", plain(4, 4, {20, 21, 22}));
  write_png(folder / "cat/a.PNG", plain(4, 4, {10, 11, 12}));
  write_bytes(folder / "README.md", "about");
  write_bytes(folder / ".hidden/x.png", "no picture");
  const auto set = open_dataset(at_path(folder.path()));
  EXPECT_EQ(set->kind(), "image folder");
  ASSERT_EQ(set->size(), 3);
  EXPECT_EQ(set->class_names(), (std::vector<std::string>{"cat", "dog"}));
  EXPECT_EQ(set->label(1), 0);
  EXPECT_EQ(set->label(2), 1);
  for (int i = 0; i < 3; ++i) {
    const auto values = read_sample(*set, i);
    EXPECT_FLOAT_EQ(values[0], as_float(10 * (i + 1)));
    EXPECT_FLOAT_EQ(values[16], as_float(10 * (i + 1) + 1));
    EXPECT_FLOAT_EQ(values[47], as_float(10 * (i + 1) + 2));
  }
}

TEST(Folder, FlatAndDeepFoldersAreUnlabelled) {
  const TempFolder folder;
  write_png(folder / "a.png", plain(4, 4, {9}));
  write_png(folder / "deep/b.png", plain(4, 4, {9}));
  const auto set = open_dataset(at_path(folder.path()));
  EXPECT_EQ(set->size(), 2);
  EXPECT_EQ(set->spec().classes, 0);
  EXPECT_EQ(read_batch(*set, {1, 0}).labels.defined(), false);
}

TEST(FolderLabels, CommonFoldersSplitsAndClasses) {
  const std::vector<std::string> paths = {"set/test/a/1.png", "set/train/a/2.png",
                                          "set/train/b/3.png", "set/train/b/4.png"};
  const auto train = label_by_folder(paths, "train", "x");
  EXPECT_EQ(train.selected, (std::vector<size_t>{1, 2, 3}));
  EXPECT_EQ(train.labels, (std::vector<int64_t>{0, 1, 1}));
  EXPECT_EQ(train.classes, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(label_by_folder(paths, "test", "x").labels, (std::vector<int64_t>{0}));
  EXPECT_EQ(label_by_folder(paths, "all", "x").selected.size(), 4U);
}

TEST(FolderLabels, ValidationServesAsTestAndMissingSplitsAreRefused) {
  EXPECT_EQ(label_by_folder({"train/1.png", "val/2.png"}, "test", "x").selected,
            (std::vector<size_t>{1}));
  EXPECT_EQ(label_by_folder({"test/a/1.png", "test/b/1.png"}, "train", "x").labels,
            (std::vector<int64_t>{0, 1}));
  EXPECT_THROW(label_by_folder({"train/1.png"}, "test", "x"), DataError);
  EXPECT_THROW(label_by_folder({"1.png"}, "test", "x"), DataError);
}

TEST(Folder, SizesMustAgreeUnlessResized) {
  const TempFolder folder;
  write_png(folder / "a.png", plain(8, 6, {100}));
  write_png(folder / "b.png", plain(6, 8, {200}));
  write_png(folder / "c.png", plain(6, 8, {200}));
  const std::string error = open_error(at_path(folder.path()));
  EXPECT_TRUE(contains(error, "2 sizes: 6 x 8 (2), 8 x 6 (1)")) << error;
  EXPECT_TRUE(contains(error, "--set data.size_px=")) << error;
  DataConfig config = at_path(folder.path());
  config.size_px = 4;
  const auto set = open_dataset(config);
  EXPECT_EQ(set->spec().shape, (std::vector<int64_t>{1, 4, 4}));
  for (const float value : read_sample(*set, 0)) EXPECT_FLOAT_EQ(value, as_float(100));
}

TEST(Folder, CropTakesTheMiddleAndNoneKeepsAll) {
  const TempFolder folder;
  media::Image image = plain(12, 4, {0});
  for (int y = 0; y < 4; ++y)
    for (int x = 4; x < 8; ++x) *image.at(x, y) = 255;
  write_png(folder / "a.png", image);
  DataConfig config = at_path(folder.path());
  config.size_px = 4;
  for (const float value : read_sample(*open_dataset(config), 0)) EXPECT_EQ(value, 1.0F);
  config.crop = "none";
  EXPECT_LT(read_sample(*open_dataset(config), 0)[0], 0.0F);
}

TEST(Folder, GreyOnlyWhenEveryPictureIs) {
  const TempFolder folder;
  for (int i = 0; i < 200; ++i)
    write_png(folder / ("p" + std::to_string(1000 + i) + ".png"), plain(2, 2, {7, 7, 7}));
  EXPECT_EQ(open_dataset(at_path(folder.path()))->spec().shape[0], 1);
  write_png(folder / "p1101.png", plain(2, 2, {7, 7, 8}));  // beyond the sample that is tried first
  const auto set = open_dataset(at_path(folder.path()));
  EXPECT_EQ(set->spec().shape[0], 3);
  EXPECT_FLOAT_EQ(read_sample(*set, 101)[8], as_float(8));
}

TEST(Folder, TransparencyIsReadOverWhite) {
  const TempFolder folder;
  write_png(folder / "a.png", plain(2, 2, {0, 0, 0, 0}));
  write_png(folder / "b.png", plain(2, 2, {200, 0, 0, 255}));
  const auto set = open_dataset(at_path(folder.path()));
  EXPECT_EQ(read_sample(*set, 0)[0], 1.0F);
  EXPECT_FLOAT_EQ(read_sample(*set, 1)[0], as_float(200));
}

TEST(Folder, BrokenFilesAreCountedNamedAndSkipped) {
  const TempFolder folder;
  media::Image noise = plain(32, 32, {0});
  for (size_t i = 0; i < noise.pixels.size(); ++i)
    noise.pixels[i] = static_cast<uint8_t>(i * i * 31);
  const std::string png = media::encode_png(noise);
  write_bytes(folder / "a/1.png", png);
  write_bytes(folder / "a/2.png", png.substr(0, png.size() / 2));
  write_bytes(folder / "b/3.png", png);
  write_bytes(folder / "b/4.png", "");
  write_bytes(folder / "b/5.jpg", "not a picture");
  const auto set = open_dataset(at_path(folder.path()));
  EXPECT_EQ(set->size(), 2);
  EXPECT_EQ(set->label(0), 0);
  EXPECT_EQ(set->label(1), 1);
  ASSERT_EQ(set->broken().size(), 3U);
  EXPECT_EQ(set->broken()[0].path, (folder / "a/2.png").string());
  EXPECT_EQ(set->broken()[2].path, (folder / "b/5.jpg").string());
  for (const BrokenFile& file : set->broken()) EXPECT_FALSE(file.reason.empty());
  DataConfig config = at_path(folder.path());
  config.strict = true;
  EXPECT_TRUE(contains(open_error(config), "/b/4.png") || contains(open_error(config), "/a/2.png"))
      << open_error(config);
}

TEST(Folder, AllBrokenIsAnError) {
  const TempFolder folder;
  write_bytes(folder / "a.png", "nothing");
  const std::string error = open_error(at_path(folder.path()));
  EXPECT_TRUE(contains(error, "1 pictures, all of them broken")) << error;
}

TEST(Folder, EmptyAndWrongFoldersSayWhatIsThere) {
  const TempFolder folder;
  std::string error = open_error(at_path(folder.path()));
  EXPECT_TRUE(contains(error, "nothing in it")) << error;
  EXPECT_TRUE(contains(error, "PNG, JPEG, WebP")) << error;
  write_bytes(folder / "a.csv", "1,2");
  write_bytes(folder / "b.csv", "1,2");
  write_bytes(folder / "c.bmp", "BM");
  error = open_error(at_path(folder.path()));
  EXPECT_TRUE(contains(error, "2 .csv, 1 .bmp")) << error;
}

TEST(Folder, PgmAndPpmAreRead) {
  const TempFolder folder;
  write_bytes(folder / "a.pgm", std::string("P5\n# a face\n2 1\n255\n") + "\x0a\xff");
  const auto grey = open_dataset(at_path(folder.path()));
  EXPECT_EQ(grey->spec().shape, (std::vector<int64_t>{1, 1, 2}));
  EXPECT_FLOAT_EQ(read_sample(*grey, 0)[0], as_float(10));
  write_bytes(folder / "b.ppm",
              std::string("P6 2 1 15\n") + std::string("\x00\x01\x0f\x0f\x00\x00", 6));
  const auto color = open_dataset(at_path(folder.path()));
  EXPECT_EQ(color->spec().shape[0], 3);
  EXPECT_FLOAT_EQ(read_sample(*color, 1)[2], as_float(17));  // 1 of 15 is 17 of 255
  write_bytes(folder / "c.pgm", "P5 2 1 255\n\x01");
  EXPECT_EQ(open_dataset(at_path(folder.path()))->broken().size(), 1U);
}

TEST(Tar, ClassesSplitsAndBrokenMembers) {
  const TempFolder folder;
  const auto png = [](uint8_t value) { return media::encode_png(plain(4, 4, {value})); };
  write_bytes(folder / "set.tar",
              tar_member("train/cat/1.png", png(1)) + tar_member("train/dog/1.png", png(2)) +
                  tar_member("test/dog/2.png", png(3)) +
                  tar_member("train/dog/3.png", png(4).substr(0, 40)) + tar_end());
  const auto train = open_dataset(at_path(folder / "set.tar"));
  EXPECT_EQ(train->kind(), "tar of images");
  ASSERT_EQ(train->size(), 2);
  EXPECT_EQ(train->label(1), 1);
  EXPECT_FLOAT_EQ(read_sample(*train, 1)[0], as_float(2));
  ASSERT_EQ(train->broken().size(), 1U);
  EXPECT_TRUE(contains(train->broken()[0].path, "set.tar:train/dog/3.png"));
  DataConfig config = at_path(folder.path());  // the folder that holds nothing but the tar
  config.split = "test";
  const auto test = open_dataset(config);
  ASSERT_EQ(test->size(), 1);
  EXPECT_EQ(test->label(0), 1);
}

TEST(Zip, StyleGanLabelsNumbersAndOneHot) {
  const TempFolder folder;
  const std::string png = media::encode_png(plain(4, 4, {5, 6, 7}));
  for (const char* labels : {"[[\"00000/b.png\", 2], [\"00000/a.png\", 0]]",
                             "[[\"00000/b.png\", [0, 0, 1]], [\"00000/a.png\", [1.0, 0, 0]]]"}) {
    media::ZipWriter zip(folder / "set.zip");
    zip.add("00000/a.png", png);
    zip.add("00000/b.png", png);
    zip.add("dataset.json", std::string("{\"labels\": ") + labels + "}");
    zip.finish();
    const auto set = open_dataset(at_path(folder / "set.zip"));
    EXPECT_EQ(set->size(), 2);
    EXPECT_EQ(set->spec().classes, 3);
    EXPECT_EQ(set->label(0), 0);
    EXPECT_EQ(set->label(1), 2);
  }
}

TEST(Zip, WithoutLabelFileItIsUnlabelled) {
  const TempFolder folder;
  media::ZipWriter zip(folder / "set.zip");
  zip.add("00000/a.png", media::encode_png(plain(4, 4, {5})));
  zip.add("00001/b.png", media::encode_png(plain(4, 4, {6})));
  zip.finish();
  EXPECT_EQ(open_dataset(at_path(folder / "set.zip"))->spec().classes, 0);
}

TEST(LabelFile, WrongEntriesAreNamed) {
  const std::vector<std::string> names = {"a.png"};
  const auto error = [&names](const char* json) -> std::string {
    try {
      parse_label_file(json, names, "set.zip:dataset.json");
    } catch (const DataError& caught) {
      return caught.what();
    }
    return {};
  };
  EXPECT_TRUE(contains(error("{\"labels\": [[\"b.png\", 1]]}"), "no label for a.png"));
  EXPECT_TRUE(contains(error("{\"labels\": [[\"a.png\", [0.2, 0.8]]]}"), "not one-hot"));
  EXPECT_TRUE(contains(error("{\"labels\": [[\"a.png\"]]}"), "the entry"));
  EXPECT_TRUE(contains(error("{"), "damaged JSON"));
  EXPECT_EQ(error("{\"labels\": null}"), "");
}

TEST(Dataset, FingerprintFollowsContent) {
  const TempFolder folder;
  write_png(folder / "a.png", plain(4, 4, {5}));
  write_png(folder / "b.png", plain(4, 4, {6}));
  const std::string before = open_dataset(at_path(folder.path()))->fingerprint();
  EXPECT_EQ(before.size(), 16U);
  EXPECT_EQ(open_dataset(at_path(folder.path()))->fingerprint(), before);
  write_png(folder / "b.png", plain(4, 4, {7}));
  EXPECT_NE(open_dataset(at_path(folder.path()))->fingerprint(), before);
}

TEST(Dataset, WithoutCacheTheSameIsRead) {
  const TempFolder folder;
  for (uint8_t i = 0; i < 5; ++i)
    write_png(folder / (std::string(1, static_cast<char>('a' + i)) + ".png"),
              plain(4, 4, {i, 9, 8}));
  DataConfig config = at_path(folder.path());
  const auto cached = open_dataset(config);
  config.cache_mb = 0;
  const auto direct = open_dataset(config);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(read_sample(*cached, i), read_sample(*direct, i));
  config.limit = 2;
  EXPECT_EQ(open_dataset(config)->size(), 2);
}

}  // namespace
}  // namespace ganymede::data
