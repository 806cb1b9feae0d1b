// IDX, CIFAR and NumPy readers on files made by hand.
#include <gtest/gtest.h>

#include "ganymede/media/npy.h"
#include "support.h"

namespace ganymede::data {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace)

// Two pictures of 2 rows x 3 columns with pixels 0..5 and 250..255.
const std::string kPixels = std::string("\x00\x01\x02\x03\x04\x05", 6) + "\xfa\xfb\xfc\xfd\xfe\xff";

TEST(Idx, ReadsPicturesAndLabelsOfAFolder) {
  const TempFolder folder;
  write_bytes(folder / "train-images-idx3-ubyte", idx_images(2, 2, 3, kPixels));
  write_bytes(folder / "train-labels-idx1-ubyte", idx_labels(std::string("\x02\x00", 2)));
  const auto set = open_dataset(at_path(folder.path()));
  EXPECT_EQ(set->kind(), "IDX");
  EXPECT_EQ(set->size(), 2);
  EXPECT_EQ(set->spec().shape, (std::vector<int64_t>{1, 2, 3}));
  EXPECT_EQ(set->spec().classes, 3);
  EXPECT_EQ(set->label(0), 2);
  EXPECT_EQ(set->label(1), 0);
  const auto first = read_sample(*set, 0), second = read_sample(*set, 1);
  for (int i = 0; i < 6; ++i) {
    EXPECT_FLOAT_EQ(first[i], as_float(i));
    EXPECT_FLOAT_EQ(second[i], as_float(250 + i));
  }
  EXPECT_EQ(first[0], -1.0F);
  EXPECT_EQ(second[5], 1.0F);
}

TEST(Idx, SplitsChooseFilesAndAllJoinsThem) {
  const TempFolder folder;
  write_bytes(folder / "train-images-idx3-ubyte", idx_images(2, 2, 3, kPixels));
  write_bytes(folder / "train-labels-idx1-ubyte", idx_labels(std::string("\x00\x01", 2)));
  write_bytes(folder / "t10k-images-idx3-ubyte", idx_images(1, 2, 3, "abcdef"));
  write_bytes(folder / "t10k-labels-idx1-ubyte", idx_labels("\x01"));
  DataConfig config = at_path(folder.path());
  config.split = "test";
  EXPECT_EQ(open_dataset(config)->size(), 1);
  EXPECT_FLOAT_EQ(read_sample(*open_dataset(config), 0)[0], as_float('a'));
  config.split = "all";
  const auto all = open_dataset(config);
  ASSERT_EQ(all->size(), 3);
  EXPECT_FLOAT_EQ(read_sample(*all, 2)[5], as_float('f'));
  EXPECT_EQ(all->label(2), 1);
}

TEST(Idx, LabelsArePairedAndMissingOnesAreNoError) {
  const TempFolder folder;
  write_bytes(folder / "train-images-idx3-ubyte", idx_images(2, 2, 3, kPixels));
  EXPECT_EQ(open_dataset(at_path(folder.path()))->spec().classes, 0);
  EXPECT_EQ(open_dataset(at_path(folder.path()))->label(0), -1);
  write_bytes(folder / "train-labels-idx1-ubyte", idx_labels("\x01"));
  const std::string error = open_error(at_path(folder.path()));
  EXPECT_TRUE(contains(error, "1 labels for 2 pictures")) << error;
  EXPECT_TRUE(contains(error, "data.labels=false")) << error;
  DataConfig config = at_path(folder.path());
  config.labels = false;
  EXPECT_EQ(open_dataset(config)->size(), 2);
  config.split = "test";
  EXPECT_TRUE(contains(open_error(config), "the splits train")) << open_error(config);
}

TEST(Idx, EmnistIsTurnedUprightAndLettersStartAtZero) {
  const TempFolder folder;
  // Columns first: the stored rows 0 1 2 / 3 4 5 are the columns of a picture 2 wide and 3 high.
  write_bytes(folder / "emnist-letters-train-images-idx3-ubyte", idx_images(2, 2, 3, kPixels));
  write_bytes(folder / "emnist-letters-train-labels-idx1-ubyte", idx_labels("\x01\x1a"));
  const auto set = open_dataset(at_path(folder.path()));
  EXPECT_EQ(set->spec().shape, (std::vector<int64_t>{1, 3, 2}));
  const auto values = read_sample(*set, 0);
  for (const auto& [place, stored] :
       std::vector<std::pair<int, int>>{{0, 0}, {1, 3}, {2, 1}, {3, 4}, {4, 2}, {5, 5}}) {
    EXPECT_FLOAT_EQ(values[place], as_float(stored));
  }
  EXPECT_EQ(set->label(0), 0);
  EXPECT_EQ(set->label(1), 25);
  ASSERT_EQ(set->class_names().size(), 26U);
  EXPECT_EQ(set->class_names()[25], "Z");
}

TEST(Idx, DamagedFileIsNamed) {
  const TempFolder folder;
  write_bytes(folder / "train-images-idx3-ubyte", idx_images(2, 2, 3, kPixels.substr(0, 9)));
  const std::string error = open_error(at_path(folder.path()));
  EXPECT_TRUE(contains(error, "train-images-idx3-ubyte")) << error;
}

std::string cifar_record(char label, char red, char green, char blue) {
  return std::string(1, label) + std::string(1024, red) + std::string(1024, green) +
         std::string(1024, blue);
}

TEST(Cifar, ReadsBatchesNamesAndSplits) {
  const TempFolder folder;
  write_bytes(folder / "data_batch_1.bin", cifar_record(3, 10, 20, 30));
  write_bytes(folder / "data_batch_2.bin", cifar_record(9, 40, 50, 60));
  write_bytes(folder / "test_batch.bin", cifar_record(1, 70, 80, 90) + cifar_record(0, 1, 2, 3));
  write_bytes(folder / "batches.meta.txt", "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n\n");
  const auto train = open_dataset(at_path(folder.path()));
  EXPECT_EQ(train->kind(), "CIFAR-10 binary");
  ASSERT_EQ(train->size(), 2);
  EXPECT_EQ(train->spec().shape, (std::vector<int64_t>{3, 32, 32}));
  EXPECT_EQ(train->label(1), 9);
  EXPECT_EQ(train->class_names()[9], "j");
  const auto values = read_sample(*train, 1);
  EXPECT_FLOAT_EQ(values[0], as_float(40));
  EXPECT_FLOAT_EQ(values[1024], as_float(50));
  EXPECT_FLOAT_EQ(values[3071], as_float(60));
  DataConfig config = at_path(folder.path());
  config.split = "test";
  EXPECT_EQ(open_dataset(config)->size(), 2);
  config.path = (folder / "data_batch_2.bin").string();
  EXPECT_EQ(open_dataset(config)->size(), 1);
}

TEST(Cifar, GreyIsMadeOnRequest) {
  const TempFolder folder;
  write_bytes(folder / "data_batch_1.bin", cifar_record(3, 100, 50, 25));
  DataConfig config = at_path(folder.path());
  config.channels = "grey";
  const auto set = open_dataset(config);
  EXPECT_EQ(set->spec().shape, (std::vector<int64_t>{1, 32, 32}));
  // Rec. 601: 0.299 * 100 + 0.587 * 50 + 0.114 * 25 = 62.1
  EXPECT_FLOAT_EQ(read_sample(*set, 0)[0], as_float(62));
}

TEST(Npy, PicturesInEveryLayout) {
  const TempFolder folder;
  std::string bytes(2 * 4 * 5 * 3, '\0');
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i);
  media::write_npy(folder / "last.npy", {media::DType::kU8, {2, 4, 5, 3}, bytes});
  media::write_npy(folder / "first.npy", {media::DType::kU8, {2, 3, 4, 5}, bytes});
  media::write_npy(folder / "grey.npy", {media::DType::kU8, {6, 4, 5}, bytes});
  const auto last = open_dataset(at_path(folder / "last.npy"));
  const auto first = open_dataset(at_path(folder / "first.npy"));
  const auto grey = open_dataset(at_path(folder / "grey.npy"));
  EXPECT_EQ(last->spec().shape, (std::vector<int64_t>{3, 4, 5}));
  EXPECT_EQ(first->spec().shape, (std::vector<int64_t>{3, 4, 5}));
  EXPECT_EQ(grey->spec().shape, (std::vector<int64_t>{1, 4, 5}));
  EXPECT_EQ(grey->size(), 6);
  // Second picture, green, second pixel of the first row.
  EXPECT_FLOAT_EQ(read_sample(*last, 1)[21], as_float(60 + 4));
  EXPECT_FLOAT_EQ(read_sample(*first, 1)[21], as_float(60 + 21));
}

TEST(Npy, ArchiveWithLabelsAndPoints) {
  const TempFolder folder;
  const std::string pixels(2 * 4 * 4, 'x');
  const int64_t labels[] = {1, 0};
  media::write_npz(
      folder / "set.npz",
      {{"images", {media::DType::kU8, {2, 4, 4}, pixels}},
       {"labels", {media::DType::kI64, {2}, {reinterpret_cast<const char*>(labels), 16}}}});
  const auto set = open_dataset(at_path(folder / "set.npz"));
  EXPECT_EQ(set->spec().classes, 2);
  EXPECT_EQ(set->label(0), 1);

  const double points[] = {0.5, -1.5, 2.5, 3.5};
  media::write_npy(folder / "points.npy",
                   {media::DType::kF64, {2, 2}, {reinterpret_cast<const char*>(points), 32}});
  const auto cloud = open_dataset(at_path(folder / "points.npy"));
  EXPECT_EQ(cloud->spec().domain, "points");
  EXPECT_EQ(read_sample(*cloud, 1), (std::vector<float>{2.5F, 3.5F}));
  DataConfig sized = at_path(folder / "points.npy");
  sized.size_px = 32;
  EXPECT_TRUE(contains(open_error(sized), "data.size_px")) << open_error(sized);
}

TEST(Npy, UnusableArraysSayWhatIsThere) {
  const TempFolder folder;
  const std::string zeros(4 * 2 * 3 * 3, '\0');
  media::write_npy(folder / "volume.npy", {media::DType::kF32, {2, 3, 3}, zeros});
  const std::string error = open_error(at_path(folder / "volume.npy"));
  EXPECT_TRUE(contains(error, "float32 [2, 3, 3]")) << error;
  EXPECT_TRUE(contains(error, "uint8 [N, H, W]")) << error;
}

}  // namespace
}  // namespace ganymede::data
