// Samples as pictures and files.
#include "ganymede/data/domain.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "ganymede/media/codec.h"
#include "ganymede/media/npy.h"
#include "support.h"

namespace ganymede::data {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace)

SampleSpec image_spec() { return {"image", {3, 4, 5}, 0}; }
SampleSpec point_spec() { return {"points", {2}, 0}; }

TEST(ToBytes, RoundsAndClampsAndInvertsReading) {
  const at::Tensor bytes = to_bytes(at::tensor({-2.0F, -1.0F, 0.0F, 1.0F, 7.0F}));
  EXPECT_TRUE(at::equal(bytes, at::tensor({0, 0, 128, 255, 255}, at::kByte)));
  const at::Tensor all = at::arange(256, at::kFloat) / 127.5F - 1.0F;
  EXPECT_TRUE(at::equal(to_bytes(all), at::arange(256).to(at::kByte)));
}

TEST(Domain, UnknownIsRefused) {
  EXPECT_EQ(domain_of(image_spec()).name(), "image");
  EXPECT_THROW(domain_of({"smell", {1}, 0}), UsageError);
  EXPECT_THROW(domain_of(image_spec()).pictures(at::zeros({2, 5, 4, 4})), UsageError);
  EXPECT_THROW(domain_of(point_spec()).preview(at::zeros({2, 4}), {}, {}), UsageError);
}

TEST(ImageDomain, FolderSheetAndArray) {
  const TempFolder folder;
  const Domain& domain = domain_of(image_spec());
  at::Tensor samples = at::zeros({3, 3, 4, 5});
  samples[1].fill_(-1);
  samples[2][0].fill_(1);
  const auto files = domain.write(samples, {"seed0007", "seed0008"}, folder / "out", {});
  ASSERT_EQ(files.size(), 3U);
  EXPECT_EQ(files[0], folder / "out/seed0007.png");
  EXPECT_EQ(files[2], folder / "out/000002.png");
  EXPECT_EQ(media::read_image(files[1]), plain(5, 4, {0, 0, 0}));
  EXPECT_EQ(media::read_image(files[2]), plain(5, 4, {255, 128, 128}));

  domain.write(samples, {}, folder / "sheet.webp", {});
  EXPECT_FALSE(media::read_image(folder / "sheet.webp").empty());
  domain.write(samples, {}, folder / "all.npz", {});
  const auto arrays = media::read_npz(folder / "all.npz");
  EXPECT_EQ(arrays.at("images").shape, (std::vector<int64_t>{3, 4, 5, 3}));
  const auto again = open_dataset(at_path(folder / "all.npz"));
  EXPECT_EQ(read_sample(*again, 2)[0], 1.0F);
  EXPECT_THROW(domain.write(samples, {}, folder / "all.xyz", {}), UsageError);
}

TEST(PointsDomain, CsvAndArrayReadBack) {
  const TempFolder folder;
  const Domain& domain = domain_of(point_spec());
  const at::Tensor points = at::tensor({0.1F, -2.0F, 3.5F, 1e-7F}).view({2, 2});
  domain.write(points, {}, folder / "p.csv", {});
  std::ifstream file(folder / "p.csv");
  std::string header, first;
  std::getline(file, header);
  std::getline(file, first);
  EXPECT_EQ(header, "x,y");
  float x = 0, y = 0;
  ASSERT_EQ(std::sscanf(first.c_str(), "%f,%f", &x, &y), 2);
  EXPECT_EQ(x, 0.1F);
  EXPECT_EQ(y, -2.0F);
  domain.write(points, {}, folder / "p.npz", {});
  EXPECT_EQ(read_sample(*open_dataset(at_path(folder / "p.npz")), 1),
            (std::vector<float>{3.5F, 1e-7F}));
  EXPECT_TRUE(domain.pictures(points).empty());
  EXPECT_THROW(domain.write(points, {}, folder / "p.txt", {}), UsageError);
}

TEST(PointsDomain, PreviewShowsRealsBeneath) {
  const Domain& domain = domain_of(point_spec());
  const at::Tensor points = at::zeros({10, 2}), reals = at::ones({10, 2});
  EXPECT_NE(domain.preview(points, {}, {}), domain.preview(points, reals, {}));
  EXPECT_FALSE(domain.preview(at::zeros({10, 1}), at::ones({10, 1}), {}).empty());
}

}  // namespace
}  // namespace ganymede::data
