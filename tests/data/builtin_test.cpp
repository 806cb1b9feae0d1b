// The sets that need no file.
#include "ganymede/data/builtin.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>

#include "ganymede/data/digits.h"
#include "ganymede/data/glyphs.h"
#include "ganymede/data/shapes.h"
#include "support.h"

namespace ganymede::data {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace)

std::shared_ptr<Dataset> open_named(const std::string& name, const std::string& split = "train") {
  DataConfig config = at_path(name);
  config.split = split;
  return open_dataset(config);
}

TEST(Builtin, CountsShapesAndClasses) {
  struct Expected {
    const char* name;
    int64_t train, test, classes;
    std::vector<int64_t> shape;
  };
  const std::vector<Expected> all = {{"digits", 60000, 10000, 10, {1, 28, 28}},
                                     {"shapes", 32000, 4000, 8, {3, 32, 32}},
                                     {"stacked-digits", 60000, 10000, 1000, {3, 28, 28}},
                                     {"ring8", 100000, 10000, 8, {2}},
                                     {"grid25", 100000, 10000, 25, {2}},
                                     {"swissroll", 100000, 10000, 0, {2}},
                                     {"gaussian", 100000, 10000, 0, {1}},
                                     {"oracle-text", 10000, 10000, 0, {20}}};
  EXPECT_EQ(builtin_datasets().size(), all.size());
  for (const Expected& expected : all) {
    SCOPED_TRACE(expected.name);
    EXPECT_EQ(open_named(expected.name)->size(), expected.train);
    EXPECT_EQ(open_named(expected.name, "test")->size(), expected.test);
    EXPECT_EQ(open_named(expected.name, "all")->size(), expected.train + expected.test);
    EXPECT_EQ(open_named(expected.name)->spec().classes, expected.classes);
    EXPECT_EQ(open_named(expected.name)->spec().shape, expected.shape);
    EXPECT_NE(open_named(expected.name)->fingerprint(),
              open_named(expected.name, "test")->fingerprint());
    EXPECT_EQ(open_named(expected.name)->fingerprint(), open_named(expected.name)->fingerprint());
  }
}

TEST(Builtin, LabelsAreBalancedInEverySplit) {
  for (const char* name : {"digits", "shapes", "ring8", "grid25"}) {
    for (const char* split : {"train", "test"}) {
      const auto set = open_named(name, split);
      std::vector<int64_t> counts(static_cast<size_t>(set->spec().classes));
      for (int64_t i = 0; i < set->size(); ++i) ++counts.at(set->label(i));
      for (const int64_t count : counts) EXPECT_EQ(count, set->size() / set->spec().classes);
    }
  }
}

TEST(Digits, SameEverywhereAndTestContinuesTrain) {
  EXPECT_EQ(draw_digit(123), draw_digit(123));
  const auto one = open_named("digits", "all"), other = open_named("digits", "test");
  EXPECT_EQ(read_sample(*one, 60007), read_sample(*other, 7));
  EXPECT_EQ(read_sample(*one, 60007), read_sample(*one, 60007));  // now from the cache
}

TEST(Digits, InkIsInTheMiddleAndVaried) {
  std::set<std::vector<uint8_t>> seen;
  for (int64_t i = 0; i < 2000; ++i) {
    const media::Image image = draw_digit(i);
    ASSERT_TRUE(seen.insert(image.pixels).second) << "digit " << i << " was there before";
    double ink = 0, brightest = 0, border = 0, x_sum = 0, y_sum = 0;
    for (int y = 0; y < 28; ++y) {
      for (int x = 0; x < 28; ++x) {
        const double value = *image.at(x, y);
        ink += value;
        x_sum += value * x;
        y_sum += value * y;
        brightest = std::max(brightest, value);
        if (x == 0 || y == 0 || x == 27 || y == 27) border += value;
      }
    }
    EXPECT_GE(brightest, 200) << i;
    EXPECT_EQ(border, 0) << i;
    EXPECT_GT(ink / 255 / 784, 0.02) << i;
    EXPECT_LT(ink / 255 / 784, 0.4) << i;
    EXPECT_NEAR(x_sum / ink, 13.5, 5) << i;
    EXPECT_NEAR(y_sum / ink, 13.5, 5) << i;
  }
}

// The nearest mean of 1000 training digits names most test digits: the classes are distinct, and
// not so simple that this would be perfect.
TEST(Digits, ClassesAreDistinctButNotTrivial) {
  std::vector<std::vector<double>> means(10, std::vector<double>(784));
  for (int64_t i = 0; i < 10000; ++i) {
    const media::Image image = draw_digit(i);
    for (size_t p = 0; p < 784; ++p) means[i % 10][p] += image.pixels[p] / 1000.0;
  }
  int right = 0;
  for (int64_t i = 60000; i < 61000; ++i) {
    const media::Image image = draw_digit(i);
    double best = 1e18;
    int64_t guess = -1;
    for (int64_t c = 0; c < 10; ++c) {
      double distance = 0;
      for (size_t p = 0; p < 784; ++p) distance += std::pow(image.pixels[p] - means[c][p], 2);
      if (distance < best) {
        best = distance;
        guess = c;
      }
    }
    right += guess == i % 10;
  }
  EXPECT_GT(right, 750);
  EXPECT_LT(right, 995);
}

TEST(Digits, EveryFormHasWeightAndFits) {
  for (int digit = 0; digit < 10; ++digit) {
    double weight = 0;
    EXPECT_GE(glyphs_of(digit).size(), 2U);
    for (const Glyph& glyph : glyphs_of(digit)) weight += glyph.weight;
    EXPECT_NEAR(weight, 1.0, 1e-6) << digit;
  }
}

TEST(Digits, OtherSizesShowTheSameDrawing) {
  DataConfig config = at_path("digits");
  config.size_px = 56;
  const auto large = open_dataset(config);
  EXPECT_EQ(large->spec().shape, (std::vector<int64_t>{1, 56, 56}));
  const media::Image small = draw_digit(4), big = draw_digit(4, 56);
  double difference = 0;
  for (int y = 0; y < 28; ++y)
    for (int x = 0; x < 28; ++x) {
      const double mean = (*big.at(2 * x, 2 * y) + *big.at(2 * x + 1, 2 * y) +
                           *big.at(2 * x, 2 * y + 1) + *big.at(2 * x + 1, 2 * y + 1)) /
                          4.0;
      difference += std::abs(mean - *small.at(x, y)) / 784;
    }
  EXPECT_LT(difference, 8);
  config.size_px = 4000;
  EXPECT_TRUE(contains(open_error(config), "8 to 512"));
}

TEST(Shapes, ColouredAndDistinct) {
  std::set<std::vector<uint8_t>> seen;
  int colored = 0;
  for (int64_t i = 0; i < 400; ++i) {
    const media::Image image = draw_shape(i);
    EXPECT_EQ(image, draw_shape(i));
    EXPECT_TRUE(seen.insert(image.pixels).second);
    int strongest = 0;  // difference between the channels of a pixel
    for (size_t p = 0; p < image.pixels.size(); p += 3) {
      const auto [low, high] =
          std::minmax({image.pixels[p], image.pixels[p + 1], image.pixels[p + 2]});
      strongest = std::max(strongest, high - low);
    }
    // The least saturated fill, 0.75 of brightness 0.3, whitened by a quarter: 0.169 of 255.
    colored += strongest >= 42;
  }
  EXPECT_EQ(colored, 400);
  EXPECT_EQ(draw_shape(3, 64).width, 64);
}

TEST(Points, ModesHaveTheirCentresAndDeviation) {
  for (const char* name : {"ring8", "grid25"}) {
    const auto set = open_named(name);
    const auto centers = mode_centers(name);
    ASSERT_EQ(static_cast<int64_t>(centers.size()), set->spec().classes);
    double squares = 0;
    for (int64_t i = 0; i < set->size(); ++i) {
      const auto point = read_sample(*set, i);
      const auto& center = centers[set->label(i)];
      squares += std::pow(point[0] - center[0], 2) + std::pow(point[1] - center[1], 2);
    }
    const double deviation = std::sqrt(squares / static_cast<double>(2 * set->size()));
    EXPECT_NEAR(deviation, mode_deviation(name), 0.01 * mode_deviation(name)) << name;
  }
  for (const auto& center : mode_centers("ring8"))
    EXPECT_NEAR(std::hypot(center[0], center[1]), 2.0, 1e-12);
}

TEST(Points, GaussianHasMeanFourAndDeviationHalf) {
  const auto set = open_named("gaussian");
  double sum = 0, squares = 0;
  for (int64_t i = 0; i < set->size(); ++i) {
    const double x = read_sample(*set, i)[0];
    sum += x;
    squares += x * x;
  }
  const double n = static_cast<double>(set->size()), mean = sum / n;
  EXPECT_NEAR(mean, 4.0, 0.01);  // six standard errors
  EXPECT_NEAR(std::sqrt(squares / n - mean * mean), 0.5, 0.01);
}

TEST(Points, SwissrollLiesOnItsSpiral) {
  const auto set = open_named("swissroll");
  int near = 0;
  for (int64_t i = 0; i < 1000; ++i) {
    const auto point = read_sample(*set, i);
    const double radius = 7.5 * std::hypot(point[0], point[1]);
    const double angle = std::atan2(point[1], point[0]);
    double best = 1e9;
    for (int turn = 0; turn < 4; ++turn)
      best = std::min(best, std::abs(radius - (angle + 2 * M_PI * turn)));
    near += best < 4 * 0.25;
  }
  EXPECT_GT(near, 990);
}

}  // namespace
}  // namespace ganymede::data
