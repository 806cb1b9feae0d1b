#include "ganymede/media/off.h"

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <numeric>

#include "container_checks.h"
#include "ganymede/media/binvox.h"

namespace ganymede::media {
namespace {

constexpr const char* kCube =
    "OFF\n# a cube\n8 6 12\n0 0 0\n1 0 0\n0 1 0\n1 1 0 # corner\n0 0 1\n1 0 1\n0 1 1\n1 1 1\n"
    "4 0 2 3 1\n4 4 5 7 6 255 0 0\n4 0 1 5 4\n4 2 6 7 3\n4 0 4 6 2\n4 1 3 7 5";

void expect_bad(const std::string& label, const std::string& needle, const std::string& bytes) {
  expect_refused<DataError>(label, needle, [&] { decode_off(bytes, "bad.off"); });
}

std::string changed(std::string text, const std::string& from, const std::string& to) {
  return text.replace(text.find(from), from.size(), to);
}

TEST(Off, FacesBecomeFansOfTriangles) {
  const Mesh mesh = decode_off(kCube, "x");
  EXPECT_EQ(mesh.vertices.size(), 8U);
  EXPECT_EQ(mesh.triangles.size(), 12U);
  EXPECT_TRUE(is_closed(mesh));
  EXPECT_EQ(euler_characteristic(mesh), 2);
  EXPECT_DOUBLE_EQ(volume(mesh), 1);
}

TEST(Off, CountsMayStandBehindTheName) {
  EXPECT_EQ(decode_off(changed(kCube, "OFF\n# a cube\n", "OFF"), "x").triangles.size(), 12U);
}

TEST(Off, RefusesBrokenFiles) {
  expect_bad("empty", "does not start", "");
  expect_bad("binary", "an integer", changed(kCube, "OFF\n", "OFF BINARY\n"));
  expect_bad("count", "0 to 16777216", changed(kCube, "8 6 12", "-8 6 12"));
  expect_bad("huge", "0 to 16777216", changed(kCube, "8 6 12", "8 99999999 12"));
  expect_bad("promise", "too short", changed(kCube, "8 6 12", "9999999 6 12"));
  expect_bad("overflow", "an integer", changed(kCube, "8 6 12", "99999999999999999999 6 12"));
  expect_bad("word", "bad.off:4", changed(kCube, "0 0 0\n", "0 zero 0\n"));
  expect_bad("glued", "a coordinate", changed(kCube, "0 0 0\n", "0 0x1 0\n"));
  expect_bad("infinite", "not finite", changed(kCube, "0 0 0\n", "0 inf 0\n"));
  expect_bad("index", "0 to 7", changed(kCube, "4 0 2 3 1", "4 0 2 3 8"));
  expect_bad("negative", "0 to 7", changed(kCube, "4 0 2 3 1", "4 0 2 -3 1"));
  expect_bad("corners", "3 to 256", changed(kCube, "4 0 2 3 1", "2 0 2"));
  expect_bad("more", "after the last face", std::string(kCube) + "\n4 0 1 2 3\n");
  const std::string whole = kCube;
  for (size_t size = 0; size + 1 < whole.size(); ++size) {
    expect_bad(std::to_string(size), "bad.off", whole.substr(0, size));
  }
}

TEST(Voxelize, ACubeIsSolid) {
  const Voxels voxels = voxelize(decode_off(kCube, "x"), 16, 3, "x");
  EXPECT_EQ(std::accumulate(voxels.filled.begin(), voxels.filled.end(), 0), 1000);
  const auto at = [&](int64_t x, int64_t y, int64_t z) {
    return voxels.filled[static_cast<size_t>((x * 16 + y) * 16 + z)];
  };
  EXPECT_EQ(at(3, 3, 3), 1);
  EXPECT_EQ(at(8, 8, 8), 1);
  EXPECT_EQ(at(2, 8, 8), 0);
  EXPECT_EQ(at(13, 8, 8), 0);
  // In the world the block lies where the mesh does.
  EXPECT_NEAR(voxels.translate[0] + voxels.scale * 3 / 16, 0, 1e-6);
  EXPECT_NEAR(voxels.translate[0] + voxels.scale * 13 / 16, 1, 1e-6);
}

TEST(Voxelize, RefusesNothing) {
  expect_refused<DataError>("empty", "without faces", [] { voxelize({}, 16, 1, "x"); });
  const Mesh point{.vertices = {{1, 1, 1}}, .triangles = {{0, 0, 0}}};
  expect_refused<DataError>("point", "without extent", [&] { voxelize(point, 16, 1, "x"); });
  expect_refused<UsageError>("margin", "a margin of 8",
                             [&] { voxelize(decode_off(kCube, "x"), 16, 8, "x"); });
}

// binvox carves through the gaps of this mesh, whose foot it loses: what it keeps lies in ours.
TEST(Voxelize, AModelOfModelNetResemblesItsBinvox) {
  const char* shared = std::getenv("GANYMEDE_SHARED");
  const auto folder = std::filesystem::path(shared ? shared : "") / "data/modelnet10_voxels";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no modelnet10_voxels";
  const Mesh mesh = read_off(folder / "toilet_0345.off");
  EXPECT_EQ(mesh.vertices.size(), 6276U);
  const Voxels ours = voxelize(mesh, 64, 0, "x");
  const Voxels peer = read_binvox(folder / "toilet_off_256.binvox");
  // Shares of filled voxels at the peer's places.
  double both = 0, either = 0, filled = 0;
  for (int64_t i = 0; i < peer.count(); i += 61) {
    const std::array<int64_t, 3> at = {i / 65536, i / 256 % 256, i % 256};
    std::array<int64_t, 3> place = {};
    bool inside = true;
    for (size_t d = 0; d < 3; ++d) {
      const double world =
          peer.translate[d] + peer.scale * (static_cast<double>(at[d]) + 0.5) / 256;
      place[d] = static_cast<int64_t>(std::floor((world - ours.translate[d]) / ours.scale * 64));
      inside &= place[d] >= 0 && place[d] < 64;
    }
    const bool here =
        inside && ours.filled[static_cast<size_t>((place[0] * 64 + place[1]) * 64 + place[2])] != 0;
    const bool there = peer.filled[static_cast<size_t>(i)] != 0;
    both += here && there ? 1 : 0;
    either += here || there ? 1 : 0;
    filled += there ? 1 : 0;
  }
  EXPECT_GT(both, 0.85 * filled);
  EXPECT_GT(both, 0.65 * either);
}

}  // namespace
}  // namespace ganymede::media
