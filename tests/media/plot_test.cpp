#include "ganymede/media/plot.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "ganymede/core/error.h"
#include "ganymede/media/chart.h"

namespace ganymede::media {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr Color kRed = {200, 0, 0};
constexpr Color kBlue = {0, 0, 200};

int count_color(const Image& image, Color color) {
  int count = 0;
  for (size_t i = 0; i < image.pixels.size(); i += 3)
    count += std::equal(color.begin(), color.end(), &image.pixels[i]) ? 1 : 0;
  return count;
}

std::vector<std::string> texts(const std::vector<Tick>& ticks) {
  std::vector<std::string> result;
  for (const Tick& tick : ticks) result.push_back(tick.text);
  return result;
}

using Texts = std::vector<std::string>;

TEST(Ticks, AreRoundNumbersInsideTheRange) {
  EXPECT_EQ(texts(linear_ticks({0, 10}, 5)), (Texts{"0", "2", "4", "6", "8", "10"}));
  EXPECT_EQ(texts(linear_ticks({-0.13, 0.31}, 4)), (Texts{"0", "0.2"}));
  EXPECT_EQ(texts(linear_ticks({0.001, 0.0032}, 5)),
            (Texts{"0.0010", "0.0015", "0.0020", "0.0025", "0.0030"}));
  EXPECT_EQ(texts(linear_ticks({0, 3e6}, 3)), (Texts{"0", "1e6", "2e6", "3e6"}));
  EXPECT_EQ(texts(linear_ticks({0, 2.5e-6}, 2)), (Texts{"0", "2e-6"}));
}

TEST(Ticks, OfLogarithmsArePowersOfTen) {
  EXPECT_EQ(texts(log_ticks({0.005, 200})), (Texts{"0.01", "0.1", "1", "10", "100"}));
  EXPECT_EQ(texts(log_ticks({0.9, 6})), (Texts{"1", "2", "5"}));
  EXPECT_LE(log_ticks({1e-30, 1e30}).size(), 12U);
}

TEST(Ranges, IgnoreGapsAndNeverCollapse) {
  const std::vector<double> values = {kNan, -2, 6, std::numeric_limits<double>::infinity()};
  EXPECT_DOUBLE_EQ(range_of({&values}, 0).low, -2);
  EXPECT_DOUBLE_EQ(range_of({&values}, 0.5).high, 10);
  EXPECT_GT(range_of({&values}, 0, true).low, 0);
  const std::vector<double> constant = {3, 3};
  EXPECT_LT(range_of({&constant}, 0).low, 3);
  EXPECT_GT(range_of({&constant}, 0).high, 3);
  EXPECT_DOUBLE_EQ(range_of({}, 0).high, 1);
}

TEST(LinePlot, DrawsTheCurveWhereTheValuesAre) {
  const LinePlot plot{.labels = {}, .series = {{"", {0, 1, 2}, {0, 1, 2}, kRed}}};
  const Image image = render_plot(plot, {300, 200});
  EXPECT_EQ(image.width, 300);
  EXPECT_EQ(image.height, 200);
  EXPECT_EQ(image.channels, 3);
  EXPECT_GT(count_color(image, kRed), 50);
  // A rising line: its left part is lower than its right part.
  const auto mean_row = [&](int from, int to) {
    double sum = 0;
    int count = 0;
    for (int y = 0; y < image.height; ++y)
      for (int x = from; x < to; ++x)
        if (std::equal(kRed.begin(), kRed.end(), image.at(x, y))) sum += y, ++count;
    return count > 0 ? sum / count : -1;
  };
  EXPECT_GT(mean_row(0, 150), mean_row(150, 300) + 30);
  EXPECT_GT(mean_row(150, 300), 0);
}

TEST(LinePlot, LeavesGapsForNanAndForLogarithmsOfNegatives) {
  std::vector<double> x(100), full(100, 1.0), gapped(100, 1.0), negative(100, 1.0);
  for (int i = 0; i < 100; ++i) x[i] = i;
  for (int i = 30; i < 60; ++i) gapped[i] = kNan, negative[i] = -1;
  const auto pixels = [&](const std::vector<double>& y, bool log_y) {
    return count_color(
        render_plot(LinePlot{.labels = {}, .series = {{"", x, y, kRed}}, .log_y = log_y}), kRed);
  };
  EXPECT_NEAR(pixels(gapped, false), pixels(full, false) * 0.69, pixels(full, false) * 0.03);
  EXPECT_EQ(pixels(negative, true), pixels(gapped, true));
}

TEST(LinePlot, SaysWhenThereIsNothingToDraw) {
  const LinePlot none{.labels = {.title = "t"}, .series = {{"a", {0, 1}, {kNan, kNan}, kRed}}};
  const LinePlot some{.labels = {.title = "t"}, .series = {{"a", {0, 1}, {0, 1}, kRed}}};
  EXPECT_NE(render_plot(none), render_plot(some));
  EXPECT_NO_THROW(render_plot(LinePlot{}));
  EXPECT_NO_THROW(render_plot(ScatterPlot{}));
  EXPECT_NO_THROW(render_plot(Histogram{}));
}

TEST(ScatterPlot, EqualAspectKeepsCirclesRound) {
  Series ring{"", {}, {}, kRed};
  for (int i = 0; i < 360; ++i) {
    ring.x.push_back(std::cos(i * 0.0174533));
    ring.y.push_back(std::sin(i * 0.0174533));
  }
  const Image image = render_plot(ScatterPlot{.labels = {}, .clouds = {ring}}, {700, 300});
  int left = image.width, right = 0, top = image.height, bottom = 0;
  for (int y = 0; y < image.height; ++y)
    for (int x = 0; x < image.width; ++x) {
      const uint8_t* p = image.at(x, y);
      if (p[0] < p[1] + 80) continue;
      left = std::min(left, x), right = std::max(right, x);
      top = std::min(top, y), bottom = std::max(bottom, y);
    }
  EXPECT_NEAR(right - left, bottom - top, 2);
  EXPECT_GT(bottom - top, 150);
}

TEST(Heatmap, LowIsDarkHighIsBrightAndRowZeroIsBelow) {
  const Heatmap map{.labels = {}, .rows = 2, .columns = 1, .values = {0, 1}};
  const Image image = render_plot(map, {300, 200});
  const Color low = {68, 1, 84};
  const Color high = {253, 231, 37};
  EXPECT_GT(count_color(image, low), 1000);
  EXPECT_GT(count_color(image, high), 1000);
  EXPECT_TRUE(std::equal(low.begin(), low.end(), image.at(100, 140)));
  EXPECT_TRUE(std::equal(high.begin(), high.end(), image.at(100, 40)));
  EXPECT_THROW(render_plot(Heatmap{.labels = {}, .rows = 2, .columns = 2, .values = {1}}),
               UsageError);
}

TEST(Heatmap, NamedRowsBeginOnTopAndTheMiddleIsWhite) {
  const Heatmap map{.labels = {},
                    .rows = 2,
                    .columns = 2,
                    .values = {1, 0, 0, -1},
                    .low = -1,
                    .high = 1,
                    .diverging = true,
                    .names = {"a", "b"}};
  const Image image = render_plot(map, {300, 200});
  const Color red = {103, 0, 31}, blue = {5, 48, 97}, white = {247, 247, 247};
  EXPECT_TRUE(std::equal(red.begin(), red.end(), image.at(60, 40)));       // row a, column a
  EXPECT_TRUE(std::equal(white.begin(), white.end(), image.at(180, 40)));  // row a, column b
  EXPECT_TRUE(std::equal(blue.begin(), blue.end(), image.at(180, 140)));
  EXPECT_THROW(render_plot(Heatmap{.rows = 1, .columns = 1, .values = {1}, .names = {"a", "b"}}),
               UsageError);
}

TEST(Histogram, HigherBarsWhereMoreValuesAre) {
  Series sample{"", {}, {}, kBlue};
  for (int i = 0; i < 1000; ++i) sample.x.push_back(i < 900 ? 0.25 : 0.75);
  sample.x.push_back(0);
  sample.x.push_back(1);
  const Image image = render_plot(
      Histogram{.labels = {}, .samples = {sample}, .curves = {}, .bins = 2}, {300, 200});
  const auto tinted = [&](int from, int to) {
    int count = 0;
    for (int y = 0; y < image.height; ++y)
      for (int x = from; x < to; ++x) count += image.at(x, y)[2] > image.at(x, y)[0] + 30 ? 1 : 0;
    return count;
  };
  EXPECT_GT(tinted(0, 150), 4 * tinted(175, 300));
  EXPECT_GT(tinted(175, 300), 100);
  EXPECT_THROW(render_plot(Histogram{.labels = {}, .samples = {}, .curves = {}, .bins = 0}),
               UsageError);
}

TEST(Panels, AreLaidOutOnOnePage) {
  const LinePlot plot{.labels = {}, .series = {{"", {0, 1}, {0, 1}, kRed}}};
  const Image page = render_panels({plot, plot, plot}, 2, {200, 150});
  EXPECT_EQ(page.width, 400);
  EXPECT_EQ(page.height, 300);
  EXPECT_NEAR(count_color(page, kRed), 3 * count_color(render_plot(plot, {200, 150}), kRed), 0);
  EXPECT_GT(render_panels({plot}, 4, {200, 150}, "run 3").height, 150);
  EXPECT_THROW(render_panels({}, 2), UsageError);
  EXPECT_THROW(render_plot(plot, {100, 100}), UsageError);
  EXPECT_THROW(render_plot(LinePlot{.labels = {}, .series = {{"", {0, 1}, {0}}}}), UsageError);
}

}  // namespace
}  // namespace ganymede::media
