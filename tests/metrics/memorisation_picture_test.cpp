// Which pictures the memorisation sheet shows, and where.
#include "ganymede/metrics/memorisation_picture.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <functional>

#include "ganymede/core/error.h"

namespace ganymede::metrics {
namespace {

// 3 fakes of brightness 10, 20, 30; 5 training pictures of 100, 120, ..., 180.
NeighbourTable table_of(int64_t channels, int64_t height = 8, int64_t width = 8) {
  const auto flat = [&](const std::vector<int64_t>& values) {
    const auto count = static_cast<int64_t>(values.size());
    return at::tensor(values, at::kLong)
        .to(at::kByte)
        .view({count, 1, 1, 1})
        .expand({count, channels, height, width});
  };
  return {.fakes = flat({10, 20, 30}),
          .train = flat({100, 120, 140, 160, 180}),
          .pixel_neighbours = at::tensor({0, 1, 2, 1, 2, 3, 2, 3, 4}, at::kLong).view({3, 3}),
          .feature_neighbours = at::tensor({4, 3, 2, 4, 3, 1, 4, 3, 0}, at::kLong).view({3, 3}),
          .closeness = at::tensor({0.5, 0.125, 2.0}, at::kDouble)};
}

// The middle of cell (row, column) of a picture with `rows` rows and `columns` columns of
// width x height cells and 4 px between them, counted from the bottom right corner.
int value_at(const media::Image& image, int64_t row, int64_t column, int64_t rows, int64_t columns,
             int64_t width = 64, int64_t height = 64) {
  const int64_t x = image.width - (columns - column) * (width + 4) + width / 2;
  const int64_t y = image.height - (rows - row) * (height + 4) + height / 2;
  return *image.at(static_cast<int>(x), static_cast<int>(y));
}

TEST(MemorisationPicture, ClosestFirstThenBothKindsOfNeighbours) {
  const media::Image image = memorisation_picture(table_of(3));
  EXPECT_EQ(image.channels, 3);
  const int expected[3][7] = {{20, 120, 140, 160, 180, 160, 120},
                              {10, 100, 120, 140, 180, 160, 140},
                              {30, 140, 160, 180, 180, 160, 100}};
  for (int row = 0; row < 3; ++row)
    for (int column = 0; column < 7; ++column)
      EXPECT_EQ(value_at(image, row, column, 3, 7), expected[row][column]) << row << " " << column;
}

TEST(MemorisationPicture, FewerRowsGreyAndWithoutFeatures) {
  NeighbourTable table = table_of(1, 8, 4);
  table.feature_neighbours = at::Tensor();
  const media::Image image = memorisation_picture(table, 1);
  EXPECT_EQ(image.channels, 3);
  EXPECT_EQ(value_at(image, 0, 0, 1, 4, 32), 20);
  EXPECT_EQ(value_at(image, 0, 3, 1, 4, 32), 160);
}

// A red rule stands to the left of each kind of neighbour.
TEST(MemorisationPicture, RulesSeparateTheGroups) {
  const media::Image image = memorisation_picture(table_of(3), 2);
  for (const int column : {1, 4}) {
    const int x = image.width - (7 - column) * 68 - 2;
    const uint8_t* pixel = image.at(x, image.height / 2);
    EXPECT_GT(pixel[0], pixel[2] + 100) << column;
  }
}

TEST(MemorisationPicture, RefusesWhatDoesNotFit) {
  const auto refused = [](const std::function<void(NeighbourTable&)>& spoil) {
    NeighbourTable table = table_of(3);
    spoil(table);
    EXPECT_THROW(memorisation_picture(table), UsageError);
  };
  refused([](NeighbourTable& t) { t.pixel_neighbours = t.pixel_neighbours + 3; });
  refused([](NeighbourTable& t) { t.pixel_neighbours = at::Tensor(); });
  refused([](NeighbourTable& t) { t.feature_neighbours = t.feature_neighbours.narrow(0, 0, 2); });
  refused([](NeighbourTable& t) { t.feature_neighbours = t.feature_neighbours - 1; });
  refused([](NeighbourTable& t) { t.closeness = at::zeros({2}); });
  refused([](NeighbourTable& t) { t.train = at::zeros({5, 3, 9, 9}, at::kByte); });
  EXPECT_THROW(memorisation_picture(table_of(3), 0), UsageError);
}

}  // namespace
}  // namespace ganymede::metrics
