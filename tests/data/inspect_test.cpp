// Reports on data, and conversion to an archive.
#include "ganymede/data/inspect.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "ganymede/data/convert.h"
#include "ganymede/media/zip.h"
#include "support.h"

namespace ganymede::data {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace)

TEST(Inspect, CountsEverythingInAMixedFolder) {
  const TempFolder folder;
  write_png(folder / "a/1.png", plain(4, 4, {0}));
  write_png(folder / "a/2.png", plain(4, 4, {0, 0, 0}));  // the same picture stored as RGB
  write_png(folder / "b/3.png", plain(8, 2, {200, 100, 0}));
  write_bytes(folder / "b/4.png", "broken");
  write_bytes(folder / "notes.txt", "x");
  const DataReport report = inspect(at_path(folder.path()));
  EXPECT_EQ(report.samples, 3);
  EXPECT_EQ(report.sizes.size(), 2U);
  EXPECT_EQ(report.sizes[0], (std::pair{std::pair{4, 4}, int64_t{2}}));
  EXPECT_FALSE(report.trainable);
  EXPECT_FALSE(report.grey);
  EXPECT_EQ(report.channels.at(1), 1);
  EXPECT_EQ(report.channels.at(3), 2);
  // 32 black pixels and 16 coloured ones.
  ASSERT_EQ(report.mean.size(), 3U);
  EXPECT_NEAR(report.mean[0], 200.0 / 3, 1e-9);
  EXPECT_NEAR(report.mean[1], 100.0 / 3, 1e-9);
  EXPECT_NEAR(report.deviation[0], std::sqrt(200.0 * 200 / 3 - std::pow(200.0 / 3, 2)), 1e-9);
  EXPECT_EQ(report.minimum, 0);
  EXPECT_EQ(report.maximum, 200);
  ASSERT_EQ(report.labels.size(), 2U);
  EXPECT_EQ(report.labels[0].count, 2);
  EXPECT_EQ(report.labels[1].count, 1);
  ASSERT_EQ(report.broken.size(), 1U);
  EXPECT_EQ(report.duplicates, 1);
  EXPECT_EQ(report.ignored.at(".txt"), 1);
  EXPECT_FALSE(report.sheet.empty());

  const std::string text = report_text(report);
  EXPECT_TRUE(contains(text, "image folder")) << text;
  EXPECT_TRUE(contains(text, "4 x 4 px (2), 8 x 2 px (1)")) << text;
  EXPECT_TRUE(contains(text, "b/4.png")) << text;
  EXPECT_TRUE(contains(text, "data.size_px")) << text;
  const auto json = report_json(report);
  EXPECT_EQ(json.at("samples"), 3);
  EXPECT_EQ(json.at("broken").size(), 1U);
  EXPECT_EQ(json.at("labels")[0].at("name"), "a");
}

TEST(Inspect, PointsHaveMeanAndDeviation) {
  const DataReport report = inspect(at_path("gaussian"));
  EXPECT_EQ(report.domain, "points");
  EXPECT_NEAR(report.mean.at(0), 4.0, 0.01);
  EXPECT_NEAR(report.deviation.at(0), 0.5, 0.01);
  EXPECT_TRUE(contains(report_text(report), "dimensions  1"));
}

TEST(Convert, ReadsBackIdentically) {
  const TempFolder folder;
  for (int i = 0; i < 7; ++i)
    write_png(folder / ("in/" + std::string(1, static_cast<char>('a' + i % 3)) + "/" +
                        std::to_string(i) + ".png"),
              plain(4, 4, {static_cast<uint8_t>(i * 30), 7, 9}));
  write_bytes(folder / "in/a/broken.png", "x");
  const auto before = open_dataset(at_path(folder / "in"));
  const ConvertResult result = convert_to_zip(at_path(folder / "in"), folder / "out.zip");
  EXPECT_EQ(result.samples, 7);
  EXPECT_EQ(result.broken.size(), 1U);
  EXPECT_EQ(static_cast<uintmax_t>(result.bytes), fs::file_size(folder / "out.zip"));
  const auto after = open_dataset(at_path(folder / "out.zip"));
  ASSERT_EQ(after->size(), 7);
  EXPECT_EQ(after->spec(), before->spec());
  EXPECT_EQ(after->class_names(), before->class_names());
  for (int i = 0; i < 7; ++i) {
    EXPECT_EQ(read_sample(*after, i), read_sample(*before, i));
    EXPECT_EQ(after->label(i), before->label(i));
  }
  const media::ZipReader zip(folder / "out.zip");
  EXPECT_TRUE(zip.find("00000/img00000006.png").has_value());
  for (const auto& member : zip.members()) EXPECT_TRUE(member.stored);
}

TEST(Convert, KeepsClassesThatALimitLeavesEmpty) {
  const TempFolder folder;
  DataConfig config = at_path("digits");
  config.limit = 3;
  convert_to_zip(config, folder / "out.zip");
  const auto set = open_dataset(at_path(folder / "out.zip"));
  EXPECT_EQ(set->spec().classes, 10);
  EXPECT_EQ(set->label(2), 2);
  EXPECT_EQ(read_sample(*set, 1), read_sample(*open_dataset(config), 1));
}

TEST(Convert, ResizesAndRefusesToOverwrite) {
  const TempFolder folder;
  write_png(folder / "in/a.png", plain(12, 8, {1, 2, 3}));
  write_png(folder / "in/b.png", plain(8, 12, {4, 5, 6}));
  DataConfig config = at_path(folder / "in");
  EXPECT_THROW(convert_to_zip(config, folder / "out.zip"), DataError);
  EXPECT_FALSE(fs::exists(folder / "out.zip"));
  config.size_px = 6;
  convert_to_zip(config, folder / "out.zip");
  EXPECT_EQ(open_dataset(at_path(folder / "out.zip"))->spec().shape,
            (std::vector<int64_t>{3, 6, 6}));
  EXPECT_THROW(convert_to_zip(config, folder / "out.zip"), UsageError);
  EXPECT_EQ(convert_to_zip(config, folder / "out.zip", true).samples, 2);
  EXPECT_THROW(convert_to_zip(config, folder / "out.rar"), UsageError);
  EXPECT_THROW(convert_to_zip(at_path("ring8"), folder / "points.zip"), UsageError);
}

}  // namespace
}  // namespace ganymede::data
