#include "ganymede/metrics/report.h"

#include <gtest/gtest.h>

namespace ganymede::metrics {
namespace {

Score score(const std::string& name, double value, Better better, double floor = kUnknown) {
  Score result;
  result.metric = "m";
  result.name = name;
  result.value = value;
  result.better = better;
  result.floor = floor;
  return result;
}

Record record(std::vector<Score> scores) {
  Record result;
  result.scores = std::move(scores);
  result.settings.net_sha256 = std::string(64, '0');
  return result;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(Report, FiguresReadWell) {
  EXPECT_EQ(figure_text(12.3456), "12.35");
  EXPECT_EQ(figure_text(1234.56), "1235");
  EXPECT_EQ(figure_text(54321.5), "54322");
  EXPECT_EQ(figure_text(0.12345), "0.1235");
  EXPECT_EQ(figure_text(-0.5), "-0.5000");
  EXPECT_EQ(figure_text(25), "25");
  EXPECT_EQ(figure_text(0), "0");
  EXPECT_EQ(figure_text(1.234e-5), "1.234e-05");
  EXPECT_EQ(figure_text(2.5e7), "2.500e+07");
  EXPECT_EQ(figure_text(kUnknown), "-");
}

TEST(Report, TheBestOfEachRowIsMarkedByItsOwnMeasure) {
  const auto table = comparison_table(
      {record({score("down", 1, Better::kLower), score("up", 1, Better::kHigher),
               score("near", 0.5, Better::kNearFloor, 0.9), score("same", 3, Better::kLower)}),
       record({score("down", 2, Better::kLower), score("up", 2, Better::kHigher),
               score("near", 1.0, Better::kNearFloor, 0.9), score("same", 3, Better::kLower),
               score("alone", 3, Better::kLower)})},
      {"a", "b"});
  EXPECT_EQ(table[0], (std::vector<std::string>{"SCORE", "a", "b", "FLOOR", "BETTER"}));
  EXPECT_EQ(table[1], (std::vector<std::string>{"down", "1 *", "2", "-", "lower"}));
  EXPECT_EQ(table[2], (std::vector<std::string>{"up", "1", "2 *", "-", "higher"}));
  EXPECT_EQ(table[3], (std::vector<std::string>{"near", "0.5000", "1 *", "0.9000", "near floor"}));
  EXPECT_EQ(table[4], (std::vector<std::string>{"same", "3", "3", "-", "lower"}));
  EXPECT_EQ(table[5], (std::vector<std::string>{"alone", "-", "3", "-", "lower"}));
}

TEST(Report, ThePageEscapesEverythingAndNeedsNoOtherFile) {
  const std::string evil = "<script>&\"'";
  Record one = record({score(evil, 1, Better::kLower)});
  one.subject = one.settings.data = one.settings.crop = one.version = one.settings.net = evil;
  one.warnings = {evil};
  const media::Image image = media::make_image(4, 4, 3, 200);
  const std::string html = report_html(
      {.title = evil, .records = {one}, .heads = {evil}, .pictures = {{evil, evil, image}}});
  EXPECT_FALSE(contains(html, "<script"));
  EXPECT_TRUE(contains(html, "&lt;script&gt;&amp;&quot;&#39;"));
  EXPECT_TRUE(contains(html, "src=\"data:image/png;base64,iVBORw0KGgo"));
  for (const char* outside : {"http:", "https:", "href", "url("}) {
    EXPECT_FALSE(contains(html, outside)) << outside;
  }
}

TEST(Report, WarningsAreSaidOnce) {
  Record first, second, third;
  first.warnings = {"small", "copies"};
  second.warnings = {"copies"};
  third.warnings = {"copies", "small"};
  EXPECT_EQ(warning_lines({first, second, third}, {"a", "b", "c"}),
            (std::vector<std::string>{"a, c: small", "copies"}));
  EXPECT_EQ(warning_lines({first}, {"a"}), (std::vector<std::string>{"small", "copies"}));
}

TEST(Report, CurvesNeedTwoCheckpoints) {
  Record first = record({score("x", 3, Better::kLower, 1)}), second = first;
  first.kimg = 10;
  second.kimg = 20;
  EXPECT_TRUE(checkpoint_curves({first}).empty());
  EXPECT_EQ(checkpoint_curves({first, second}).size(), 1U);
}

}  // namespace
}  // namespace ganymede::metrics
