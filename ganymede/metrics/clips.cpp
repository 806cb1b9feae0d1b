#include "ganymede/metrics/clips.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <string>

#include "ganymede/core/error.h"
#include "ganymede/metrics/frechet.h"

namespace ganymede::metrics {
namespace {

constexpr int64_t kComponents = 64;
constexpr int64_t kFramesForAxes = 2000;
constexpr double kLevels = 127.5;  // of 255 in a unit of [-1, 1]

void check(const at::Tensor& clips, int64_t fewest_frames) {
  if (clips.dim() == 5 && clips.size(0) > 0 && clips.size(2) >= fewest_frames) return;
  throw UsageError({.where = "metrics of clips",
                    .found = "samples of another shape",
                    .allowed = "float32 [N, C, T, H, W] with " + std::to_string(fewest_frames) +
                               " frames or more"});
}

// float32 [N * T, C * H * W].
at::Tensor frame_rows(const at::Tensor& clips) {
  return clips.transpose(1, 2).flatten(0, 1).flatten(1).to(at::kFloat).contiguous();
}

// The principal axes of frames taken evenly from `rows`, float32 [pixels, components].
at::Tensor axes_of(const at::Tensor& rows, const at::Tensor& mean) {
  const int64_t step = std::max<int64_t>(1, rows.size(0) / kFramesForAxes);
  const at::Tensor some = (rows.slice(0, 0, rows.size(0), step) - mean).to(at::kDouble);
  const int64_t count = std::min({kComponents, some.size(0) / 2, some.size(1)});
  const at::Tensor vectors = std::get<1>(at::linalg_eigh(at::mm(some, some.t())));
  const at::Tensor largest = vectors.slice(1, vectors.size(1) - count);
  at::Tensor axes = at::mm(some.t(), largest);
  axes = axes / axes.norm(2, {0}, /*keepdim=*/true).clamp_min(1e-12);
  return axes.to(at::kFloat);
}

at::Tensor mean_levels(const at::Tensor& differences) {
  return differences.abs().flatten(1).mean(1, false, at::kDouble) * kLevels;
}

}  // namespace

double frame_distance(const at::Tensor& real, const at::Tensor& fake) {
  check(real, 1);
  check(fake, 1);
  const at::Tensor reals = frame_rows(real), fakes = frame_rows(fake);
  if (reals.size(1) != fakes.size(1) || std::min(real.size(0), fake.size(0)) < 2) {
    throw UsageError({.where = "metrics::frame_distance",
                      .found = "a single clip, or frames of two sizes",
                      .allowed = "two clips or more on each side"});
  }
  const at::Tensor mean = reals.mean(0);
  const at::Tensor axes = axes_of(reals, mean);
  FeatureStatistics of_real(axes.size(1), /*keep=*/false), of_fake(axes.size(1), /*keep=*/false);
  of_real.add(at::mm(reals - mean, axes));
  of_fake.add(at::mm(fakes - mean, axes));
  return frechet_distance(of_real, of_fake).value;
}

MotionStatistics motion_statistics(const at::Tensor& clips) {
  check(clips, 3);
  const at::Tensor steps = clips.diff(1, 2);
  return {.motion = mean_levels(steps),
          .jerk = mean_levels(steps.diff(1, 2)),
          .travel = mean_levels(clips.select(2, -1) - clips.select(2, 0))};
}

}  // namespace ganymede::metrics
