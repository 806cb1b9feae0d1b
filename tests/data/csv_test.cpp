// Points from a text file as a data set.
#include <gtest/gtest.h>

#include "support.h"

namespace ganymede::data {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace)

TEST(CsvData, PointsWithLabels) {
  const TempFolder folder;
  write_bytes(folder / "p.csv", "x,label,y\n0.5,1,-2\n3,0,4\n5,2,6\n");
  DataConfig config = at_path(folder / "p.csv");
  const auto set = open_dataset(config);
  EXPECT_EQ(set->kind(), "CSV");
  EXPECT_EQ(set->size(), 3);
  EXPECT_EQ(set->spec(), (SampleSpec{.domain = "points", .shape = {2}, .classes = 3}));
  EXPECT_EQ(read_sample(*set, 0), (std::vector<float>{0.5F, -2}));
  EXPECT_EQ(set->label(2), 2);
  config.labels = false;
  config.limit = 2;
  const auto bare = open_dataset(config);
  EXPECT_EQ(bare->size(), 2);
  EXPECT_EQ(bare->spec().classes, 0);
  EXPECT_NE(bare->fingerprint(), set->fingerprint());
}

TEST(CsvData, RefusesWhatIsNoPoint) {
  const TempFolder folder;
  const auto error_of = [&](const std::string& text) {
    write_bytes(folder / "p.csv", text);
    DataConfig config = at_path(folder / "p.csv");
    config.domain = "points";
    return open_error(config);
  };
  EXPECT_TRUE(contains(error_of("1,2,3,4\n"), "4 columns of coordinates"));
  EXPECT_TRUE(contains(error_of("label\n1\n"), "0 columns of coordinates"));
  EXPECT_TRUE(contains(error_of("x,label\n1,1.5\n"), "label 1.5 of point 0"));
  EXPECT_TRUE(contains(error_of("x,label\n1,-1\n"), "label -1 of point 0"));
  EXPECT_TRUE(contains(error_of("x\n1e300\n"), "1e+300 in point 0"));
  EXPECT_TRUE(contains(error_of("1,2\n3,x\n"), "p.csv:2:3"));
}

TEST(CsvData, TheDomainIsGuessedOrNamed) {
  const TempFolder folder;
  const auto domain_of_text = [&](const std::string& text, const std::string& domain) {
    write_bytes(folder / "p.csv", text);
    DataConfig config = at_path(folder / "p.csv");
    config.domain = domain;
    return open_dataset(config)->spec().domain;
  };
  EXPECT_EQ(domain_of_text("x,y\n1,2\n3,4\n", "auto"), "points");
  EXPECT_EQ(domain_of_text("x,y\n1,2\n3,4\n", "table"), "table");
  EXPECT_EQ(domain_of_text("x,y\n1,a\n3,b\n", "auto"), "table");
  EXPECT_EQ(domain_of_text("1,2,3,4\n5,6,7,8\n", "auto"), "table");
  EXPECT_EQ(domain_of_text("x;y\n1;2\n3;4\n", "auto"), "table");
}

TEST(CsvData, HasNoTestSplit) {
  const TempFolder folder;
  write_bytes(folder / "p.csv", "1\n2\n");
  DataConfig config = at_path(folder / "p.csv");
  config.split = "test";
  EXPECT_TRUE(contains(open_error(config), "no test split"));
}

}  // namespace
}  // namespace ganymede::data
