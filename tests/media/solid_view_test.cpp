#include "ganymede/media/solid_view.h"

#include <cmath>

#include "container_checks.h"

namespace ganymede::media {
namespace {

// A ball of `radius` voxels around (x, y, z) in a block of 16^3.
Mesh ball(double radius, double x, double y, double z) {
  std::vector<float> values;
  for (int i = 0; i < 4096; ++i) {
    const int plane = i / 256, row = i / 16 % 16, column = i % 16;
    const double distance = std::hypot(plane + 0.5 - x, row + 0.5 - y, column + 0.5 - z);
    values.push_back(static_cast<float>(radius - distance));
  }
  return marching_cubes(values, {16, 16, 16}, 0);
}

bool is_background(const Image& image, int x, int y) {
  return image.at(x, y)[0] == 255 && image.at(x, y)[2] == 255;
}

TEST(SolidView, ABallIsRoundLitFromAboveAndInTheMiddle) {
  const Image image = render_solid(ball(5, 8, 8, 8), {16, 16, 16}, {.size_px = 64});
  EXPECT_EQ(image.width, 64);
  EXPECT_EQ(image.channels, 3);
  int covered = 0;
  for (int y = 0; y < 64; ++y)
    for (int x = 0; x < 64; ++x) covered += is_background(image, x, y) ? 0 : 1;
  const double radius_px = 5 * 64 / (0.86 * std::sqrt(3.0) * 16);
  EXPECT_NEAR(covered, 3.14159 * radius_px * radius_px, 0.06 * covered);
  EXPECT_FALSE(is_background(image, 32, 32));
  EXPECT_TRUE(is_background(image, 1, 1));
  EXPECT_GT(image.at(27, 24)[1], image.at(37, 41)[1]) << "light comes from the upper left";
}

TEST(SolidView, ZPointsUpAndTheNearOneHidesTheFar) {
  const SolidViewOptions front = {.size_px = 64, .azimuth_deg = 0, .elevation_deg = 0};
  const Image high = render_solid(ball(2, 8, 8, 13), {16, 16, 16}, front);
  EXPECT_FALSE(is_background(high, 32, 20));
  EXPECT_TRUE(is_background(high, 32, 44));
  const Image right = render_solid(ball(2, 13, 8, 8), {16, 16, 16}, front);
  EXPECT_FALSE(is_background(right, 44, 32));
  // From -y, the ball at small y stands before the other, whichever is drawn first.
  Mesh near_first = ball(3, 8, 3, 8), far_first = ball(5, 8, 11, 8);
  append(near_first, ball(5, 8, 11, 8), {0, 0, 0});
  append(far_first, ball(3, 8, 3, 8), {0, 0, 0});
  EXPECT_EQ(render_solid(near_first, {16, 16, 16}, front).pixels,
            render_solid(far_first, {16, 16, 16}, front).pixels);
}

TEST(SolidView, NothingIsBackground) {
  const Image image = render_solid({}, {16, 16, 16}, {.size_px = 16, .background = {1, 2, 3}});
  for (int i = 0; i < 256; ++i) ASSERT_EQ(image.at(i % 16, i / 16)[2], 3);
  expect_refused<UsageError>("size", "8 to 4096",
                             [] { render_solid({}, {1, 1, 1}, {.size_px = 5000}); });
}

}  // namespace
}  // namespace ganymede::media
