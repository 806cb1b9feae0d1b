// Digits stacked as red, green and blue: a thousand classes out of ten.
#include "ganymede/data/stacked.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "ganymede/data/inspect.h"
#include "support.h"

namespace ganymede::data {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace)

std::shared_ptr<Dataset> open_stack(const std::string& name, const std::string& split = "train") {
  DataConfig config = at_path(name);
  config.split = split;
  return open_dataset(config);
}

// Five 2 x 2 pictures, picture k of brightness 10 k + 10 and label k % 3; split "test" has two.
TempFolder small_digits() {
  TempFolder folder;
  std::string pixels, labels;
  for (int k = 0; k < 5; ++k) {
    pixels += std::string(4, static_cast<char>(10 * k + 10));
    labels += static_cast<char>(k % 3);
  }
  write_bytes(folder / "train-images-idx3-ubyte", idx_images(5, 2, 2, pixels));
  write_bytes(folder / "train-labels-idx1-ubyte", idx_labels(labels));
  write_bytes(folder / "t10k-images-idx3-ubyte", idx_images(2, 2, 2, std::string(8, '\xc8')));
  write_bytes(folder / "t10k-labels-idx1-ubyte", idx_labels(std::string("\0\2", 2)));
  return folder;
}

TEST(Stacked, NamesThatStack) {
  EXPECT_TRUE(is_stacked("stacked-digits"));
  EXPECT_TRUE(is_stacked("stacked:../data/mnist"));
  EXPECT_FALSE(is_stacked("digits"));
  EXPECT_FALSE(is_stacked("stacked"));
  EXPECT_EQ(stacked_source("stacked-digits"), "digits");
  EXPECT_EQ(stacked_source("stacked:../data/mnist"), "../data/mnist");
}

// Each channel is one of the sources, unmixed, and the label is read from the three.
TEST(Stacked, ChannelsAreDigitsAndTheLabelNamesThem) {
  const TempFolder folder = small_digits();
  const auto set = open_stack("stacked:" + folder.string());
  ASSERT_EQ(set->size(), 5);
  EXPECT_EQ(set->spec().classes, 27);
  EXPECT_EQ(set->spec().shape, (std::vector<int64_t>{3, 2, 2}));
  EXPECT_EQ(set->kind(), "stacked IDX");
  for (int64_t i = 0; i < set->size(); ++i) {
    const auto values = read_sample(*set, i);
    int64_t label = 0;
    for (size_t c = 0; c < 3; ++c) {
      for (size_t p = 1; p < 4; ++p) EXPECT_EQ(values[4 * c + p], values[4 * c]);
      const int64_t source = std::lround(((values[4 * c] + 1) * 127.5 - 10) / 10);
      ASSERT_TRUE(source >= 0 && source < 5);
      EXPECT_EQ(values[4 * c], as_float(static_cast<int>(10 * source + 10)));
      label = 3 * label + source % 3;
    }
    EXPECT_EQ(set->label(i), label);
  }
}

TEST(Stacked, TestAndAllSplits) {
  const TempFolder folder = small_digits();
  const auto train = open_stack("stacked:" + folder.string());
  const auto test = open_stack("stacked:" + folder.string(), "test");
  const auto all = open_stack("stacked:" + folder.string(), "all");
  EXPECT_EQ(test->size(), 2);
  ASSERT_EQ(all->size(), 7);
  for (int64_t i = 0; i < 5; ++i) EXPECT_EQ(read_sample(*all, i), read_sample(*train, i));
  for (int64_t i = 0; i < 2; ++i) EXPECT_EQ(read_sample(*all, 5 + i), read_sample(*test, i));
  EXPECT_EQ(all->label(6), test->label(1));
}

// The built-in digits, found again in each channel of the first stacks.
TEST(Stacked, BuiltInSplitsDoNotShareDigits) {
  const auto all = open_stack("stacked-digits", "all");
  const auto test = open_stack("stacked-digits", "test");
  EXPECT_EQ(read_sample(*all, 60003), read_sample(*test, 3));
  EXPECT_EQ(all->label(60003), test->label(3));
  EXPECT_EQ(open_stack("stacked:digits")->label(7), open_stack("stacked-digits")->label(7));
  const auto digits = open_stack("digits", "test");
  std::set<std::vector<float>> test_digits;
  for (int64_t i = 0; i < digits->size(); ++i) test_digits.insert(read_sample(*digits, i));
  for (int64_t i = 0; i < 20; ++i) {
    const auto values = read_sample(*test, i);
    for (int c = 0; c < 3; ++c) {
      EXPECT_EQ(test_digits.count({values.begin() + 784 * c, values.begin() + 784 * (c + 1)}), 1U);
    }
  }
}

// 60,000 uniform draws of 1,000 classes: every class is there, the sum of squared deviations is
// chi-squared with 999 degrees of freedom (mean 999, sd 44.7), and so are the three digits' tables.
TEST(Stacked, DigitsAreUniformAndIndependent) {
  const auto set = open_stack("stacked-digits");
  std::vector<double> counts(1000);
  for (int64_t i = 0; i < set->size(); ++i) ++counts.at(static_cast<size_t>(set->label(i)));
  EXPECT_GT(*std::min_element(counts.begin(), counts.end()), 0);
  double chi_squared = 0;
  for (const double count : counts) chi_squared += std::pow(count - 60, 2) / 60;
  EXPECT_NEAR(chi_squared, 999, 5 * 44.7);
  EXPECT_EQ(set->class_names().at(407), "407");
}

TEST(Stacked, OtherSizesAreDrawnAndLabelsMayStayOut) {
  DataConfig config = at_path("stacked-digits");
  config.size_px = 32;
  config.labels = false;
  const auto set = open_dataset(config);
  EXPECT_EQ(set->spec().shape, (std::vector<int64_t>{3, 32, 32}));
  EXPECT_EQ(set->spec().classes, 0);
  EXPECT_EQ(set->label(0), -1);
}

TEST(Stacked, RefusesWhatCannotBeStacked) {
  const TempFolder folder;
  write_png(folder / "a/1.png", plain(4, 4, {0}));
  EXPECT_TRUE(contains(open_error(at_path("stacked:shapes")), "in colour"));
  EXPECT_TRUE(contains(open_error(at_path("stacked:ring8")), "could be stacked"));
  EXPECT_TRUE(contains(open_error(at_path("stacked:stacked-digits")), "could be stacked"));
  EXPECT_TRUE(contains(open_error(at_path("stacked:" + folder.string())), "files of their own"));
  EXPECT_TRUE(contains(open_error(at_path("stacked:no/such/file")), "no such file"));
  EXPECT_TRUE(contains(open_error(at_path("stacked:")), "no data set is named"));
}

TEST(Stacked, MnistFiles) {
  if (!fs::exists(shared_data() / "mnist")) GTEST_SKIP() << "no MNIST in " << shared_data();
  const auto set = open_stack("stacked:" + (shared_data() / "mnist").string(), "test");
  EXPECT_EQ(set->size(), 10000);
  EXPECT_EQ(set->spec().shape, (std::vector<int64_t>{3, 28, 28}));
  EXPECT_EQ(set->spec().classes, 1000);
  std::set<int64_t> labels;
  for (int64_t i = 0; i < set->size(); ++i) labels.insert(set->label(i));
  EXPECT_GT(labels.size(), 990U);
}

}  // namespace
}  // namespace ganymede::data
