#include "ganymede/media/binvox.h"

#include <cstdlib>
#include <filesystem>
#include <numeric>

#include "container_checks.h"

namespace ganymede::media {
namespace {

std::string binvox(const std::string& sides, const std::string& runs) {
  return "#binvox 1\ndim " + sides + "\ntranslate 0 -1.5 2e-3\nscale 2\ndata\n" + runs;
}

void expect_bad(const std::string& label, const std::string& needle, const std::string& bytes) {
  expect_refused<DataError>(label, needle, [&] { decode_binvox(bytes, "bad.binvox"); });
}

TEST(Binvox, YRunsFastestThenZThenX) {
  // x 1, z 2, y 3 in the file's order of sides; filled: (x 0, z 0, y 2) and (0, 1, 0).
  const std::string runs("\x00\x02\x01\x02\x00\x02", 6);
  const Voxels voxels = decode_binvox(binvox("1 2 3", runs), "x");
  EXPECT_EQ(voxels.sides, (std::array<int64_t, 3>{1, 3, 2}));
  EXPECT_EQ(voxels.filled, (std::vector<uint8_t>{0, 1, 0, 0, 1, 0}));  // [x][y][z]
  EXPECT_EQ(voxels.translate, (std::array<double, 3>{0, -1.5, 0.002}));
  EXPECT_EQ(voxels.scale, 2);
}

TEST(Binvox, RoundTripsLongRunsAndSpeckles) {
  Voxels voxels{.sides = {9, 10, 11}, .filled = {}, .translate = {-1, 0.25, 1e9}, .scale = 0.1};
  for (int64_t i = 0; i < voxels.count(); ++i) {
    voxels.filled.push_back(i < 600 ? 0 : static_cast<uint8_t>(i * i % 7 < 3));
  }
  EXPECT_EQ(decode_binvox(encode_binvox(voxels), "x"), voxels);
  voxels.filled.pop_back();
  expect_refused<UsageError>("sides", "do not fit", [&] { encode_binvox(voxels); });
}

TEST(Binvox, RefusesBrokenHeaders) {
  const std::string runs("\x00\x08", 2);
  ASSERT_EQ(decode_binvox(binvox("2 2 2", runs), "x").count(), 8);
  expect_bad("empty", "header line without an end", "");
  expect_bad("magic", "does not start", "#binvox 2\ndim 2 2 2\ndata\n" + runs);
  expect_bad("no sides", "no line \"dim\"", "#binvox 1\ndata\n" + runs);
  expect_bad("two", "two lines", binvox("2 2 2\ndim 2 2 2", runs));
  expect_bad("key", "allowed: dim", binvox("2 2 2\ncolour red", runs));
  for (const char* sides : {"2 2", "2 2 2 2", "2 2 x", "2 2 2.5", "", "99999999999999999999 1 1"}) {
    expect_bad(std::string("dim ") + sides, "bad.binvox", binvox(sides, runs));
  }
  for (const char* sides : {"0 2 2", "-2 2 2", "2 2 1025"}) {
    expect_bad(std::string("dim ") + sides, "1 to 1024", binvox(sides, runs));
  }
  expect_bad("large", "1073741824 voxels", binvox("1024 1024 1024", runs));
  expect_bad("endless", "without an end", "#binvox 1\n" + std::string(100'000, 'x'));
  expect_bad(
      "many lines", "more than 4096", "#binvox 1\n" + [] {
        std::string lines;
        for (int i = 0; i < 1000; ++i) lines += "scale 1\n";
        return lines;
      }());
  expect_bad("nan", "bad.binvox", "#binvox 1\ndim 2 2 2\nscale nan\ndata\n" + runs);
}

TEST(Binvox, RefusesRunsThatDoNotFillTheBlock) {
  const auto bad = [](const std::string& label, const std::string& needle,
                      const std::string& runs) {
    expect_bad(label, needle, binvox("2 2 2", runs));
  };
  bad("none", "truncated", "");
  bad("short", "7 voxels of 8", {"\x00\x07", 2});
  bad("long", "more voxels", {"\x00\x09", 2});
  bad("more", "more voxels", {"\x00\x08\x01\x01", 4});
  bad("half", "half a run", {"\x00\x08\x01", 3});
  bad("value", "value 2", {"\x02\x08", 2});
  bad("empty run", "empty run", {"\x00\x00\x00\x08", 4});
  // Nothing is asked for that the runs could not fill.
  expect_bad("promise", "truncated", binvox("512 512 512", {"\x00\x08", 2}));
}

TEST(Binvox, ReadsFilesThatTheProgramWrote) {
  const char* shared = std::getenv("GANYMEDE_SHARED");
  const auto folder = std::filesystem::path(shared ? shared : "") / "data/modelnet10_voxels";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no modelnet10_voxels";
  for (const auto& [name, side] :
       {std::pair{"toilet_obj_30.binvox", 30}, {"toilet_off_256.binvox", 256}}) {
    const Voxels voxels = read_binvox(folder / name);
    EXPECT_EQ(voxels.sides, (std::array<int64_t, 3>{side, side, side}));
    EXPECT_DOUBLE_EQ(voxels.scale, 22.1528);
    EXPECT_EQ(encode_binvox(voxels), read_bytes(folder / name)) << name;
  }
}

}  // namespace
}  // namespace ganymede::media
