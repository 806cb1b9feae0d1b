// Adapters of the metrics over features.
#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "ganymede/core/text.h"
#include "ganymede/metrics/authenticity.h"
#include "ganymede/metrics/frechet.h"
#include "ganymede/metrics/inception_score.h"
#include "ganymede/metrics/kernel_distance.h"
#include "ganymede/metrics/measures.h"
#include "ganymede/metrics/neighbours.h"
#include "ganymede/metrics/prdc.h"
#include "ganymede/metrics/support.h"

namespace ganymede::metrics {
namespace {

constexpr int64_t kKernelSubsets = 100;
constexpr int64_t kKernelSubsetSize = 1000;
constexpr int64_t kSplits = 10;       // Salimans et al. 2016
constexpr int64_t kNeighbours = 5;    // Naeem et al. 2020, arXiv 2002.09797
constexpr double kNegligible = 1e-3;  // of a distance
constexpr int64_t kSupportSamples = 2000;

at::Tensor features(const Evidence& evidence) { return evidence.features->features(); }

// Of a share of n independent samples.
double share_error(double share, int64_t count) {
  return std::sqrt(std::max(0.0, share * (1 - share)) / static_cast<double>(count));
}

std::string frechet_warning(const FrechetDistance& distance) {
  if (distance.rank_deficient) return "no more samples than features: mostly bias";
  if (distance.clamped_mass <= kNegligible * std::abs(distance.value)) return {};
  return fmt::format("negative eigenvalues of mass {:.2g} were cut off", distance.clamped_mass);
}

// A generator that collapsed: its few places look real, and cover next to nothing.
std::string collapse_warning(const Prdc& prdc) {
  constexpr double kLittle = 0.05, kDense = 3, kSure = 0.5;
  if (prdc.recall > kLittle || (prdc.density < kDense && prdc.precision < kSure)) return {};
  return "the samples fill a small part of the data: the generator has collapsed";
}

}  // namespace

Findings measure_frechet(const Comparison& c) {
  const FrechetDistance distance = frechet_distance(*c.real.features, *c.fake.features);
  return {{.name = c.net.distance_name(),
           .value = distance.value,
           .warning = frechet_warning(distance)}};
}

Findings measure_frechet_infinity(const Comparison& c) {
  const FrechetOverN fit = frechet_over_n(features(c.real), features(c.fake), c.seed);
  const std::string name = c.net.distance_name() + " N->inf";
  const auto& [least, value] = fit.points.back();
  return {{.name = name,
           .value = fit.extrapolated,
           .error = fit.error,
           .note = fmt::format("{} sizes from {}", fit.points.size(), format_count(least)),
           .warning = least > c.net.dim() ? ""
                                          : "the smallest size has no more samples than "
                                            "features, where the line does not hold"}};
}

Findings measure_kernel(const Comparison& c) {
  const int64_t samples = std::min(c.real.count, c.fake.count);
  const int64_t size = std::min(kKernelSubsetSize, samples);
  const KernelDistance distance =
      kernel_distance(features(c.real), features(c.fake), c.seed, kKernelSubsets, size);
  // The subsets overlap: as many independent ones as fit beside each other.
  const double error =
      distance.sd / std::sqrt(static_cast<double>(samples) / static_cast<double>(size));
  return {{.name = name_over("KID", c.net),
           .value = distance.mean,
           .error = error,
           .note = fmt::format("{} subsets of {}", distance.subsets,
                               format_count(distance.subset_size))}};
}

Findings measure_inception_score(const Comparison& c) {
  const InceptionScore score = inception_score(c.fake.probabilities, kSplits);
  return {{.name = name_over("IS", c.net),
           .value = score.mean,
           .better = Better::kHigher,
           .error = score.sd / std::sqrt(static_cast<double>(score.splits)),
           .note = fmt::format("{} splits", score.splits)}};
}

Findings measure_precision_recall(const Comparison& c) {
  const Prdc prdc = precision_recall(features(c.real), features(c.fake), kNeighbours);
  const std::string note = fmt::format("k = {}", kNeighbours);
  const auto share = [&](const char* name, double value, int64_t count) {
    return Finding{.name = name,
                   .value = value,
                   .better = Better::kHigher,
                   .error = share_error(value, count),
                   .note = note};
  };
  Findings findings = {
      share("precision", prdc.precision, c.fake.count),
      share("recall", prdc.recall, c.real.count),
      {.name = "density", .value = prdc.density, .better = Better::kNearFloor, .note = note},
      share("coverage", prdc.coverage, c.real.count)};
  findings[1].warning = collapse_warning(prdc);
  return findings;
}

Findings measure_authenticity(const Comparison& c) {
  const double share = authentic_share(features(*c.training), features(c.fake));
  return {{.name = "authenticity",
           .value = share,
           .better = Better::kHigher,
           .error = share_error(share, c.fake.count),
           .note = "low for copies, and for lack of variety as well"}};
}

Findings measure_support(const Comparison& c) {
  // Two samples count as duplicates where they are nearer than a third of what lies between a real
  // sample and its nearest neighbour, the share that memorisation goes by.
  constexpr double kShare = 1.0 / 3;
  const at::Tensor reals = features(c.real).slice(0, 0, kSupportSamples);
  const double spacing =
      nearest(reals, reals, 1, /*same_set=*/true).distances.median().item<double>();
  const Support support = support_size(features(c.fake), kShare * spacing, c.seed);
  return {{.name = "support",
           .value = support.estimated_support,
           .better = Better::kHigher,
           .unit = "samples",
           .note = support.collision_rate > 0
                       ? fmt::format("duplicates in {:.0f} % of batches of {}",
                                     100 * support.collision_rate, support.batch)
                       : "no duplicates seen: a lower bound"}};
}

}  // namespace ganymede::metrics
