// Names after --data, and files of the wrong kind.
#include "ganymede/data/find.h"

#include <gtest/gtest.h>

#include "support.h"

namespace ganymede::data {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace)

class FindData : public ::testing::Test {
 protected:
  void SetUp() override { ::setenv("GANYMEDE_DATA", ("/nowhere:" + folder_.string()).c_str(), 1); }
  void TearDown() override { ::unsetenv("GANYMEDE_DATA"); }
  TempFolder folder_;
};

TEST_F(FindData, NamesAreLookedUpInEverySpelling) {
  write_bytes(folder_ / "fashion_mnist/x", "");
  write_bytes(folder_ / "faces-64.zip", "");
  EXPECT_EQ(find_data("fashion-mnist"), folder_ / "fashion_mnist");
  EXPECT_EQ(find_data("fashion_mnist"), folder_ / "fashion_mnist");
  EXPECT_EQ(find_data("faces_64"), folder_ / "faces-64.zip");
  EXPECT_EQ(find_data((folder_ / "faces-64.zip").string()), folder_ / "faces-64.zip");
}

TEST_F(FindData, UnknownNamesSayWhereItLooked) {
  write_bytes(folder_ / "flowers/x", "");
  const std::string error = open_error(at_path("flowerz"));
  EXPECT_TRUE(contains(error, folder_.string())) << error;
  EXPECT_TRUE(contains(error, "data/flowerz")) << error;
  EXPECT_TRUE(contains(error, "--data flowers")) << error;
  EXPECT_TRUE(contains(open_error(at_path("digit")), "--data digits"));
  EXPECT_THROW(open_dataset(at_path("")), UsageError);
}

TEST_F(FindData, MissingPathsNameTheirNeighbour) {
  write_bytes(folder_ / "pictures/x", "");
  const std::string error = open_error(at_path(folder_ / "picture"));
  EXPECT_TRUE(contains(error, "no such file or folder")) << error;
  EXPECT_TRUE(contains(error, (folder_ / "pictures").string())) << error;
}

TEST(WrongFile, IsNamedWithWhatItIs) {
  const TempFolder folder;
  write_png(folder / "one.png", plain(4, 4, {1}));
  EXPECT_TRUE(contains(open_error(at_path(folder / "one.png")), "a single PNG picture"));
  write_bytes(folder / "empty", "");
  EXPECT_TRUE(contains(open_error(at_path(folder / "empty")), "an empty file"));
  write_bytes(folder / "text", "hello");
  EXPECT_TRUE(contains(open_error(at_path(folder / "text")), "a file of unknown kind"));
  write_bytes(folder / "rows.csv", "hello");
  EXPECT_TRUE(contains(open_error(at_path(folder / "rows.csv")), "no rows"));
}

}  // namespace
}  // namespace ganymede::data
