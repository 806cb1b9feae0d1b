// Adapters of the metrics over solids and clips.
#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>

#include "ganymede/core/text.h"
#include "ganymede/metrics/clips.h"
#include "ganymede/metrics/measures.h"
#include "ganymede/metrics/solids.h"

namespace ganymede::metrics {
namespace {

constexpr int64_t kMostSolids = 1000;  // of which every pair is compared

double mean_of(const at::Tensor& values) { return values.mean().item<double>(); }

// Of the fakes, with the reals' own in the note.
Finding beside(std::string name, double fake, double real, std::string unit = {}) {
  return {.name = std::move(name),
          .value = fake,
          .better = Better::kNearFloor,
          .unit = std::move(unit),
          .note = "the reals: " + format_number(real)};
}

}  // namespace

Findings measure_solids(const Comparison& c) {
  const at::Tensor& fakes = c.fake.samples;
  const bool trained = c.training != nullptr && c.training->samples.defined();
  const at::Tensor& training = trained ? c.training->samples : c.real.samples;
  const SolidStatistics fake = solid_statistics(fakes), real = solid_statistics(c.real.samples);
  const auto nearest = solid_overlap(fakes.slice(0, 0, kMostSolids), training).max(1);
  const at::Tensor& likeness = std::get<0>(nearest);
  return {{.name = "IoU to nearest",
           .value = mean_of(likeness),
           .better = Better::kNearFloor,
           .note = fmt::format("largest {:.3f}, among {} training objects",
                               likeness.max().item<double>(), format_count(training.size(0)))},
          beside("volume", 100 * mean_of(fake.volume), 100 * mean_of(real.volume), "%"),
          beside("volume deviation", 100 * fake.volume.std().item<double>(),
                 100 * real.volume.std().item<double>(), "%"),
          beside("parts", mean_of(fake.parts), mean_of(real.parts)),
          beside("largest part", 100 * mean_of(fake.largest), 100 * mean_of(real.largest), "%")};
}

Findings measure_solid_variety(const Comparison& c) {
  const int64_t count = std::min({kMostSolids, c.fake.samples.size(0), c.real.samples.size(0)});
  const SolidVariety found =
      solid_variety(c.fake.samples.slice(0, 0, count), c.real.samples.slice(0, 0, count));
  const std::string note = format_count(count) + " solids on each side";
  return {{.name = "coverage", .value = found.coverage, .better = Better::kHigher, .note = note},
          {.name = "matching IoU", .value = found.matching, .better = Better::kHigher},
          {.name = "1-NN accuracy", .value = found.neighbour_accuracy, .note = "0.5 is best"}};
}

Findings measure_frames(const Comparison& c) {
  return {{.name = "frame FD",
           .value = frame_distance(c.real.samples, c.fake.samples),
           .note = fmt::format("{} frames of each clip",
                               c.fake.samples.dim() > 2 ? c.fake.samples.size(2) : 0)}};
}

Findings measure_motion(const Comparison& c) {
  const MotionStatistics fake = motion_statistics(c.fake.samples);
  const MotionStatistics real = motion_statistics(c.real.samples);
  return {beside("motion", mean_of(fake.motion), mean_of(real.motion), "of 255"),
          beside("motion deviation", fake.motion.std().item<double>(),
                 real.motion.std().item<double>(), "of 255"),
          beside("jerk", mean_of(fake.jerk), mean_of(real.jerk), "of 255"),
          beside("travel", mean_of(fake.travel), mean_of(real.travel), "of 255")};
}

}  // namespace ganymede::metrics
