// Real sets, where they are at hand: counts and contents as their publishers state them.
#include <gtest/gtest.h>

#include <numeric>

#include "ganymede/data/inspect.h"
#include "support.h"

namespace ganymede::data {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace)

#define NEEDS(name)                        \
  if (!fs::exists(shared_data() / (name))) \
  GTEST_SKIP() << (shared_data() / (name)).string() << " is not there"

std::vector<int64_t> label_counts(const Dataset& set) {
  std::vector<int64_t> counts(static_cast<size_t>(set.spec().classes));
  for (int64_t i = 0; i < set.size(); ++i) ++counts.at(set.label(i));
  return counts;
}

TEST(SharedData, FashionMnist) {
  NEEDS("fashion_mnist");
  DataConfig config = at_path(shared_data() / "fashion_mnist");
  const auto train = open_dataset(config);
  EXPECT_EQ(train->size(), 60000);
  EXPECT_EQ(train->spec().shape, (std::vector<int64_t>{1, 28, 28}));
  EXPECT_EQ(train->class_names().at(9), "Ankle boot");
  EXPECT_EQ(label_counts(*train), std::vector<int64_t>(10, 6000));
  EXPECT_EQ(train->label(0), 9);  // the first training picture is an ankle boot
  double sum = 0;
  for (int64_t i = 0; i < train->size(); ++i) {
    const auto values = read_sample(*train, i);
    sum += std::accumulate(values.begin(), values.end(), 0.0) / 784;
  }
  EXPECT_NEAR((sum / 60000 + 1) / 2, 0.2860, 0.0001);  // the mean everybody normalises with
  config.split = "test";
  EXPECT_EQ(open_dataset(config)->size(), 10000);
}

TEST(SharedData, Cifar10BinaryAndJpeg) {
  NEEDS("cifar10/data_batch_1_first4000.bin");
  const auto binary = open_dataset(at_path(shared_data() / "cifar10"));
  EXPECT_EQ(binary->size(), 4000);
  const std::vector<int64_t> first = {6, 9, 9, 4, 1, 1, 2, 7, 8, 3};
  for (int i = 0; i < 10; ++i) EXPECT_EQ(binary->label(i), first[i]);
  EXPECT_EQ(binary->class_names().at(6), "frog");
  const auto values = read_sample(*binary, 0);
  EXPECT_FLOAT_EQ(values[0], as_float(59));
  EXPECT_FLOAT_EQ(values[1024], as_float(62));
  EXPECT_FLOAT_EQ(values[2048], as_float(63));
  const auto jpeg = open_dataset(at_path(shared_data() / "cifar10/cifar10_jpg_train5000.tar"));
  EXPECT_EQ(jpeg->size(), 5000);
  EXPECT_EQ(label_counts(*jpeg), std::vector<int64_t>(10, 500));
  EXPECT_EQ(jpeg->class_names().at(9), "truck");
}

TEST(SharedData, FlowersTar) {
  NEEDS("flowers");
  const auto set = open_dataset(at_path(shared_data() / "flowers"));
  EXPECT_EQ(set->spec().shape, (std::vector<int64_t>{3, 128, 128}));
  EXPECT_EQ(set->class_names(), (std::vector<std::string>{"daisy", "rose", "sunflower"}));
  EXPECT_EQ(label_counts(*set), (std::vector<int64_t>{500, 500, 499}));
}

TEST(SharedData, EurosatSplits) {
  NEEDS("eurosat");
  DataConfig config = at_path(shared_data() / "eurosat");
  EXPECT_EQ(label_counts(*open_dataset(config)), std::vector<int64_t>(10, 100));
  config.split = "test";
  EXPECT_EQ(label_counts(*open_dataset(config)), std::vector<int64_t>(10, 20));
  config.split = "all";
  EXPECT_EQ(open_dataset(config)->size(), 1200);
}

TEST(SharedData, OrlFacesPgm) {
  NEEDS("orl_faces");
  const auto set = open_dataset(at_path(shared_data() / "orl_faces"));
  EXPECT_EQ(set->spec().shape, (std::vector<int64_t>{1, 112, 92}));
  EXPECT_EQ(label_counts(*set), std::vector<int64_t>(40, 10));
}

TEST(SharedData, MixedSizesNeedASize) {
  NEEDS("cats_dogs_unpaired/trainA");
  DataConfig config = at_path(shared_data() / "cats_dogs_unpaired/trainA");
  EXPECT_TRUE(contains(open_error(config), "sizes"));
  config.size_px = 64;
  EXPECT_EQ(open_dataset(config)->size(), 110);
  EXPECT_EQ(open_dataset(config)->spec().shape, (std::vector<int64_t>{3, 64, 64}));
}

TEST(SharedData, TransparentAndPaletteEmoji) {
  NEEDS("emojitwo_pairs");
  DataConfig config = at_path(shared_data() / "emojitwo_pairs/emojitwo_bw_colour_pairs_64.tar");
  config.domain = "image";  // not as pairs
  const auto pairs = open_dataset(config);
  EXPECT_EQ(pairs->size(), 980);
  EXPECT_TRUE(pairs->broken().empty());
  NEEDS("noto_emoji_captioned");
  EXPECT_EQ(open_dataset(at_path(shared_data() / "noto_emoji_captioned/noto_emoji_72.tar"))->size(),
            1600);
}

TEST(SharedData, UnsupportedArrayIsRefused) {
  NEEDS("jet_images");
  const std::string error = open_error(at_path(shared_data() / "jet_images"));
  EXPECT_TRUE(contains(error, "float64 [10000, 2, 33, 33]")) << error;
}

TEST(SharedData, InspectCountsFlowers) {
  NEEDS("flowers");
  const DataReport report = inspect(at_path(shared_data() / "flowers"));
  EXPECT_EQ(report.samples, 1499);
  EXPECT_EQ(report.duplicates, 0);
  EXPECT_TRUE(report.broken.empty());
}

}  // namespace
}  // namespace ganymede::data
