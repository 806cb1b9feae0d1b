#include "ganymede/metrics/clips.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "ganymede/core/error.h"
#include "ganymede/core/random.h"

namespace ganymede::metrics {
namespace {

// Every pixel rises by `step` in every frame.
at::Tensor rising(int64_t clips, double step) {
  const at::Tensor time = at::arange(6, at::kFloat).view({1, 1, 6, 1, 1}) * step - 0.5;
  return time.expand({clips, 3, 6, 8, 8}).contiguous();
}

TEST(Motion, IsTheMeanDifferenceOfNeighboursInGreyLevels) {
  const MotionStatistics even = motion_statistics(rising(2, 0.1));
  EXPECT_EQ(even.motion.sizes(), at::IntArrayRef{2});
  EXPECT_NEAR(even.motion[1].item<double>(), 12.75, 1e-4);
  EXPECT_NEAR(even.jerk[0].item<double>(), 0, 1e-4);
  EXPECT_NEAR(even.travel[0].item<double>(), 5 * 12.75, 1e-3);
  at::Tensor flicker = rising(1, 0);
  flicker.slice(2, 0, 6, 2).add_(0.2);
  const MotionStatistics found = motion_statistics(flicker);
  EXPECT_NEAR(found.motion[0].item<double>(), 25.5, 1e-3);
  EXPECT_NEAR(found.jerk[0].item<double>(), 51, 1e-3);
  EXPECT_NEAR(found.travel[0].item<double>(), 25.5, 1e-3);
  EXPECT_THROW(motion_statistics(at::zeros({2, 3, 2, 8, 8})), UsageError);
  EXPECT_THROW(motion_statistics(at::zeros({2, 3, 8, 8})), UsageError);
}

TEST(FrameDistance, IsNothingToItselfWhateverTheOrderOfTimeAndGrowsWithAShift) {
  const at::Tensor clips = Stream(3, "clips").uniform({40, 1, 5, 8, 8}, -1, 1);
  EXPECT_NEAR(frame_distance(clips, clips), 0, 1e-6);
  EXPECT_NEAR(frame_distance(clips, clips.flip({2})), 0, 1e-6) << "frames, not their order";
  const double near = frame_distance(clips, clips + 0.1), far = frame_distance(clips, clips + 0.3);
  EXPECT_GT(near, 0);
  EXPECT_NEAR(far / near, 9, 1e-2) << "a shift alone: its square";
  EXPECT_THROW(frame_distance(clips, at::zeros({4, 1, 5, 4, 4})), UsageError);
  EXPECT_THROW(frame_distance(clips.slice(0, 0, 1), clips), UsageError);
}

}  // namespace
}  // namespace ganymede::metrics
