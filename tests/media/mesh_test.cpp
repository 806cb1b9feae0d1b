#include "ganymede/media/mesh.h"

#include <cmath>
#include <cstring>
#include <numbers>
#include <random>

#include "container_checks.h"

namespace ganymede::media {
namespace {

constexpr int64_t kSide = 24;

// float32 [kSide]^3 of a function of the place of each voxel's centre, the middle being 0.
template <class F>
std::vector<float> field(const F& function) {
  std::vector<float> values;
  const auto place = [](int64_t i) { return static_cast<double>(i) + 0.5 - kSide / 2.0; };
  for (int64_t x = 0; x < kSide; ++x)
    for (int64_t y = 0; y < kSide; ++y)
      for (int64_t z = 0; z < kSide; ++z)
        values.push_back(static_cast<float>(function(place(x), place(y), place(z))));
  return values;
}

Mesh mesh_of(const std::vector<float>& values, float level = 0) {
  return marching_cubes(values, {kSide, kSide, kSide}, level);
}

TEST(MarchingCubes, ASphereIsClosedRoundAndTurnedOutward) {
  constexpr double kRadius = 8.3;
  const Mesh mesh =
      mesh_of(field([](double x, double y, double z) { return kRadius - std::hypot(x, y, z); }));
  EXPECT_TRUE(is_closed(mesh));
  EXPECT_EQ(euler_characteristic(mesh), 2);
  EXPECT_NEAR(volume(mesh), 4.0 / 3 * std::numbers::pi * std::pow(kRadius, 3), 25);
  for (const auto& v : mesh.vertices) {
    EXPECT_NEAR(std::hypot(v[0] - kSide / 2.0, v[1] - kSide / 2.0, v[2] - kSide / 2.0), kRadius,
                0.05);
  }
}

TEST(MarchingCubes, ARingHasAHole) {
  const Mesh mesh = mesh_of(field(
      [](double x, double y, double z) { return 2.6 - std::hypot(std::hypot(x, y) - 7.0, z); }));
  EXPECT_TRUE(is_closed(mesh));
  EXPECT_EQ(euler_characteristic(mesh), 0);
}

TEST(MarchingCubes, WhatTouchesTheBorderIsClosedThere) {
  const Mesh mesh = marching_cubes(std::vector<float>(8, 1.0F), {2, 2, 2});
  EXPECT_TRUE(is_closed(mesh));
  EXPECT_EQ(euler_characteristic(mesh), 2);
  EXPECT_EQ(marching_cubes(std::vector<float>(8, 0.0F), {2, 2, 2}).triangles.size(), 0U);
}

// Noise meets every one of the 256 cases and every pair of neighbours.
TEST(MarchingCubes, NoiseGivesClosedSurfacesToo) {
  std::mt19937 random(5);
  for (int round = 0; round < 300; ++round) {
    std::vector<float> values(6 * 6 * 6);
    for (float& value : values) value = static_cast<float>(random() >> 8) * 0x1p-24F;
    const float level = 0.2F + 0.1F * static_cast<float>(round % 7);
    const Mesh mesh = marching_cubes(values, {6, 6, 6}, level);
    ASSERT_TRUE(is_closed(mesh)) << round;
    ASSERT_EQ(euler_characteristic(mesh) % 2, 0) << round;
    ASSERT_GT(volume(mesh), 0) << round;
  }
}

TEST(MarchingCubes, AMissingTriangleOrATurnedOneIsFound) {
  Mesh mesh = marching_cubes(std::vector<float>(8, 1.0F), {2, 2, 2});
  std::swap(mesh.triangles[3][0], mesh.triangles[3][1]);
  EXPECT_FALSE(is_closed(mesh));
  std::swap(mesh.triangles[3][0], mesh.triangles[3][1]);
  mesh.triangles.pop_back();
  EXPECT_FALSE(is_closed(mesh));
}

TEST(MarchingCubes, RefusesSidesThatDoNotFit) {
  const std::vector<float> values(8);
  expect_refused<UsageError>("sides", "8 values", [&] { marching_cubes(values, {2, 2, 3}); });
  expect_refused<UsageError>("negative", "8 values", [&] { marching_cubes(values, {-2, -2, 2}); });
}

TEST(MeshFiles, ObjCountsFromOneAndKeepsWhatItIsGiven) {
  const Mesh mesh{.vertices = {{0, 0, 0}, {1, 0, 0}, {0, 0.25F, 0}}, .triangles = {{0, 1, 2}}};
  EXPECT_EQ(encode_obj(mesh), "v 0 0 0\nv 1 0 0\nv 0 0.25 0\nf 1 2 3\n");
  EXPECT_EQ(encode_ply(mesh, PlyForm::kText).substr(0, 21), "ply\nformat ascii 1.0\n");
  EXPECT_TRUE(
      encode_ply(mesh, PlyForm::kText).ends_with("end_header\n0 0 0\n1 0 0\n0 0.25 0\n3 0 1 2\n"));
}

TEST(MeshFiles, BinaryPlyHoldsTheSameNumbers) {
  const Mesh mesh = marching_cubes(std::vector<float>(27, 1.0F), {3, 3, 3});
  const std::string ply = encode_ply(mesh);
  const size_t body = ply.find("end_header\n") + 11;
  ASSERT_EQ(ply.size() - body, mesh.vertices.size() * 12 + mesh.triangles.size() * 13);
  EXPECT_EQ(std::memcmp(ply.data() + body, mesh.vertices.data(), mesh.vertices.size() * 12), 0);
  const char* last = ply.data() + ply.size() - 13;
  EXPECT_EQ(last[0], 3);
  EXPECT_EQ(std::memcmp(last + 1, mesh.triangles.back().data(), 12), 0);
}

TEST(MeshFiles, TheExtensionChoosesTheForm) {
  const ScratchFolder scratch;
  Mesh mesh = marching_cubes({std::vector<float>(8, 1.0F)}, {2, 2, 2});
  const size_t alone = mesh.vertices.size();
  append(mesh, mesh, {5, 0, 0});
  EXPECT_EQ(mesh.vertices.size(), 2 * alone);
  EXPECT_EQ(euler_characteristic(mesh), 4);
  write_mesh(scratch / "a.obj", mesh);
  write_mesh(scratch / "a.ply", mesh);
  EXPECT_EQ(read_bytes(scratch / "a.obj"), encode_obj(mesh));
  EXPECT_EQ(read_bytes(scratch / "a.ply"), encode_ply(mesh));
  expect_refused<UsageError>("stl", ".obj or .ply", [&] { write_mesh(scratch / "a.stl", mesh); });
}

}  // namespace
}  // namespace ganymede::media
