// Solids as data, and what their domain writes.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <numeric>

#include "ganymede/data/domain.h"
#include "ganymede/data/voxels/solid.h"
#include "ganymede/media/binvox.h"
#include "ganymede/media/codec.h"
#include "ganymede/media/npy.h"
#include "support.h"

namespace ganymede::data {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace)
using media::DType;

// `count` solids of side^3: solid i has i + 1 filled voxels at the beginning of its block.
std::string solids(int64_t count, int64_t side, size_t element = 1) {
  std::string bytes(static_cast<size_t>(count * side * side * side) * element, '\0');
  for (int64_t i = 0; i < count; ++i) {
    for (int64_t k = 0; k <= i; ++k) {
      bytes[static_cast<size_t>(i * side * side * side + k) * element] = 1;
    }
  }
  return bytes;
}

double filled(const Dataset& set, int64_t index) {
  const auto values = read_sample(set, index);
  return std::accumulate(values.begin(), values.end(), 0.0);
}

media::Voxels cube(int64_t side) {
  media::Voxels voxels{.sides = {side, side, side}};
  voxels.filled.assign(static_cast<size_t>(voxels.count()), 1);
  return voxels;
}

TEST(VoxelData, ArraysArePaddedInTheMiddle) {
  const TempFolder folder;
  media::write_npz(folder / "a.npz",
                   {{"X_train", {DType::kI32, {3, 30, 30, 30}, solids(3, 30, 4)}},
                    {"y_train", {DType::kU8, {3}, std::string("\x02\x00\x02", 3)}}});
  const auto set = open_dataset(at_path(folder / "a.npz"));
  EXPECT_EQ(set->spec().domain, "voxels");
  EXPECT_EQ(set->spec().shape, (std::vector<int64_t>{1, 32, 32, 32}));
  EXPECT_EQ(set->spec().classes, 3);
  ASSERT_EQ(set->size(), 3);
  EXPECT_EQ(set->label(2), 2);
  EXPECT_EQ(filled(*set, 2), 3);
  const auto values = read_sample(*set, 2);
  EXPECT_EQ(values[(1 * 32 + 1) * 32 + 1], 1);  // z runs fastest
  EXPECT_EQ(values[(1 * 32 + 1) * 32 + 3], 1);
  EXPECT_EQ(values[(1 * 32 + 1) * 32 + 4], 0);
  const std::string error = [&] {
    DataConfig config = at_path(folder / "a.npz");
    config.split = "test";
    return open_error(config);
  }();
  EXPECT_TRUE(contains(error, "no splits")) << error;
}

TEST(VoxelData, LargerSolidsAreCoarsened) {
  const TempFolder folder;
  media::write_npy(folder / "a.npy", {DType::kBool, {2, 1, 16, 16, 16}, solids(2, 16)});
  DataConfig config = at_path(folder / "a.npy");
  EXPECT_EQ(open_dataset(config)->spec().shape[1], 16);
  config.size_px = 8;
  const auto set = open_dataset(config);
  EXPECT_EQ(set->spec().shape[1], 8);
  EXPECT_EQ(filled(*set, 1), 1) << "two voxels side by side become one";
  config.size_px = 3;
  EXPECT_TRUE(contains(open_error(config), "8 to 256"));
}

TEST(VoxelData, FractionsAreFilledAboveAHalf) {
  const TempFolder folder;
  std::vector<float> values(512, 0.5F);
  values[7] = 0.51F;
  const std::string bytes(reinterpret_cast<const char*>(values.data()), 2048);
  media::write_npy(folder / "a.npy", {DType::kF32, {1, 8, 8, 8}, bytes});
  EXPECT_EQ(filled(*open_dataset(at_path(folder / "a.npy")), 0), 1);
  values[9] = NAN;
  const std::string broken(reinterpret_cast<const char*>(values.data()), 2048);
  media::write_npy(folder / "b.npy", {DType::kF32, {1, 8, 8, 8}, broken});
  EXPECT_TRUE(contains(open_error(at_path(folder / "b.npy")), "solid 0] NaN"));
}

TEST(VoxelData, ClassesChooseAndOneClassIsUnlabelled) {
  const TempFolder folder;
  media::write_npz(folder / "a.npz",
                   {{"x", {DType::kU8, {4, 8, 8, 8}, solids(4, 8)}},
                    {"y", {DType::kU8, {4}, std::string("\x00\x01\x02\x01", 4)}}});
  DataConfig config = at_path(folder / "a.npz");
  const std::string path = config.path;
  config.path = path + "#1";
  const auto one = open_dataset(config);
  EXPECT_EQ(one->size(), 2);
  EXPECT_EQ(one->spec().classes, 0);
  EXPECT_EQ(one->label(0), -1);
  EXPECT_EQ(filled(*one, 1), 4);
  config.path = path + "#2, 0";
  const auto two = open_dataset(config);
  EXPECT_EQ(two->spec().classes, 2);
  EXPECT_EQ(two->label(0), 1);
  EXPECT_EQ(two->label(1), 0);
  EXPECT_NE(one->fingerprint(), two->fingerprint());
  config.path = path + "#3";
  EXPECT_TRUE(contains(open_error(config), "0 to 2"));
  config.path = path + "#1,1";
  EXPECT_TRUE(contains(open_error(config), "twice"));
  config.labels = false;
  EXPECT_TRUE(contains(open_error(config), "without labels"));
}

TEST(VoxelData, FoldersOfFilesHaveClassesAndSkipTheBroken) {
  const TempFolder folder;
  for (const char* name : {"chair/a.binvox", "chair/b.binvox", "sofa/c.binvox"}) {
    write_bytes(folder / name, media::encode_binvox(cube(10)));
  }
  write_bytes(folder / "sofa/d.binvox", "#binvox 1\ndim 4 4 4\ndata\n");
  write_bytes(folder / "sofa/e.off", "OFF\n3 1 0\n0 0 0\n1 0 0\n0 1 0\n3 0 1 2\n");
  DataConfig config = at_path(folder.path());
  const auto set = open_dataset(config);
  EXPECT_EQ(set->spec().shape[1], 16);
  EXPECT_EQ(set->size(), 4);
  EXPECT_EQ(set->class_names(), (std::vector<std::string>{"chair", "sofa"}));
  EXPECT_EQ(set->label(2), 1);
  EXPECT_EQ(filled(*set, 0), 1000);
  EXPECT_GT(filled(*set, 3), 20) << "a triangle's surface";
  ASSERT_EQ(set->broken().size(), 1U);
  EXPECT_TRUE(contains(set->broken()[0].reason, "truncated"));
  config.path = folder.string() + "#sofa";
  EXPECT_EQ(open_dataset(config)->size(), 2);
  config.path = folder.string() + "#sofe";
  EXPECT_TRUE(contains(open_error(config), "try: sofa"));
  config.path = folder.string();
  config.strict = true;
  EXPECT_TRUE(contains(open_error(config), "d.binvox"));
}

TEST(VoxelData, PicturesStayPictures) {
  const TempFolder folder;
  media::write_npy(folder / "a.npy", {DType::kU8, {2, 8, 8, 3}, std::string(384, 'x')});
  EXPECT_EQ(open_dataset(at_path(folder / "a.npy"))->spec().domain, "image");
  write_png(folder / "p/a.png", plain(8, 8, {1, 2, 3}));
  write_bytes(folder / "p/b.off", "OFF");
  EXPECT_EQ(open_dataset(at_path(folder / "p"))->spec().domain, "image");
}

TEST(VoxelData, ModelNetIsReadThoughItIsPackedBeyondTheUsualRatio) {
  const auto path = shared_data() / "modelnet10_voxels/modelnet10_train.npz";
  if (!fs::exists(path)) GTEST_SKIP() << "no modelnet10_voxels";
  DataConfig config = at_path(path);
  config.path += "#2";
  const auto chairs = open_dataset(config);
  EXPECT_EQ(chairs->size(), 889);
  EXPECT_EQ(chairs->spec().shape, (std::vector<int64_t>{1, 32, 32, 32}));
  EXPECT_EQ(filled(*chairs, 0), 456);
}

TEST(Solid, SidesAndPaddingAreTheSmallestThatFit) {
  EXPECT_EQ(usual_side(16), 16);
  EXPECT_EQ(usual_side(30), 32);
  EXPECT_EQ(usual_side(256), 128);
  const media::Voxels small = fit_solid(cube(30), 16);  // coarsened by 2, then padded by 0 and 1
  EXPECT_EQ(std::accumulate(small.filled.begin(), small.filled.end(), 0), 15 * 15 * 15);
}

TEST(VoxelDomain, WritesMeshesVoxelsArraysAndPictures) {
  const TempFolder folder;
  const SampleSpec spec{.domain = "voxels", .shape = {1, 8, 8, 8}};
  const Domain& domain = domain_of(spec);
  at::Tensor samples = at::full({3, 1, 8, 8, 8}, 0.1F);
  samples.slice(2, 2, 6).slice(3, 2, 6).slice(4, 2, 6).fill_(0.8F);
  PreviewOptions options;
  options.columns = 3;
  const auto write = [&](const std::string& name) {
    return domain.write(samples, {"7", "8", "9"}, folder / name, {});
  };
  EXPECT_EQ(write("a.obj").size(), 1U);
  EXPECT_EQ(write("a.ply").size(), 1U);
  EXPECT_EQ(write("a.png").size(), 1U);
  EXPECT_EQ(write("a.gif").size(), 1U);
  EXPECT_EQ(write("a.npz").size(), 1U);
  const auto arrays = media::read_npz(folder / "a.npz");
  EXPECT_EQ(arrays.at("voxels").shape, (std::vector<int64_t>{3, 8, 8, 8}));
  EXPECT_EQ(open_dataset(at_path(folder / "a.npz"))->size(), 3) << "what is written can be read";
  const auto binvoxes = write("a.binvox");
  ASSERT_EQ(binvoxes.size(), 3U);
  EXPECT_EQ(binvoxes[1].filename(), "a-8.binvox");
  const media::Voxels back = media::read_binvox(binvoxes[1]);
  EXPECT_EQ(std::accumulate(back.filled.begin(), back.filled.end(), 0), 64);
  EXPECT_EQ(write("folder").size(), 6U);
  EXPECT_TRUE(fs::exists(folder / "folder/9.obj"));
  EXPECT_THROW(write("a.stl"), UsageError);
  EXPECT_EQ(domain.pictures(samples).size(), 3U);
  EXPECT_EQ(domain.preview(samples, {}, options).width, 3 * 128 + 4 * 2);
  EXPECT_THROW(domain.pictures(at::zeros({3, 8, 8, 8})), UsageError);
}

}  // namespace
}  // namespace ganymede::data
