// Adapters of the metrics over pixels and points.
#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "ganymede/core/error.h"
#include "ganymede/core/text.h"
#include "ganymede/data/builtin.h"
#include "ganymede/metrics/draw.h"
#include "ganymede/metrics/interval.h"
#include "ganymede/metrics/measures.h"
#include "ganymede/metrics/modes.h"
#include "ganymede/metrics/parzen.h"
#include "ganymede/metrics/path_length.h"
#include "ganymede/metrics/sliced_wasserstein.h"
#include "ganymede/metrics/spectrum.h"
#include "ganymede/metrics/stacked_digits.h"
#include "ganymede/metrics/structural_similarity.h"

namespace ganymede::metrics {
namespace {

constexpr int64_t kPatchPictures = 2048;
constexpr int64_t kDiversityPairs = 1000;
constexpr int64_t kPathPairs = 2000;
constexpr int64_t kBootstrapRounds = 200;
constexpr double kNormal975 = 1.959964;

// float32 [N, elements] as the paper of 2014 has them: pixels in [0, 1], points as they are.
at::Tensor flat_values(const Evidence& evidence) {
  const at::Tensor flat = evidence.samples.flatten(1).to(at::kFloat);
  return evidence.samples.scalar_type() == at::kByte ? flat / 255.0 : flat;
}

at::Tensor centers_of(const std::string& data_name, int64_t dimensions) {
  const auto centers = data::mode_centers(data_name);
  at::Tensor tensor = at::empty({static_cast<int64_t>(centers.size()), dimensions}, at::kDouble);
  auto values = tensor.accessor<double, 2>();
  for (int64_t i = 0; i < tensor.size(0); ++i) {
    for (int64_t d = 0; d < dimensions; ++d) values[i][d] = centers[static_cast<size_t>(i)][d];
  }
  return tensor;
}

}  // namespace

Findings measure_sliced_wasserstein(const Comparison& c) {
  const at::Tensor real = c.real.samples.slice(0, 0, kPatchPictures);
  const at::Tensor fake = c.fake.samples.slice(0, 0, kPatchPictures);
  const std::vector<double> levels = sliced_wasserstein(real, fake, c.seed);
  Findings findings = {{.name = "SWD",
                        .value = levels.back(),
                        .unit = "x 1e-3",
                        .note = format_count(fake.size(0)) + " pictures on each side"}};
  int64_t side = c.fake.samples.size(2);
  for (size_t level = 0; level + 1 < levels.size(); ++level, side /= 2) {
    findings.push_back(
        {.name = fmt::format("SWD at {} px", side), .value = levels[level], .unit = "x 1e-3"});
  }
  return findings;
}

Findings measure_diversity(const Comparison& c) {
  return {{.name = "MS-SSIM",
           .value = ms_ssim_diversity(c.fake.samples, kDiversityPairs, c.seed),
           .better = Better::kNearFloor,
           .note = fmt::format("{} pairs of samples", format_count(kDiversityPairs))}};
}

Findings measure_perceptual_diversity(const Comparison& c) {
  constexpr int64_t kPairs = 200, kBlock = 20;
  const at::Tensor& pictures = c.fake.samples;
  const int64_t pairs = std::min(kPairs, pictures.size(0) / 2);
  const at::Tensor chosen =
      draw_without_replacement(pictures.size(0), 2 * pairs, c.seed, "lpips pairs", 0);
  std::vector<at::Tensor> distances;
  for (int64_t first = 0; first < pairs; first += kBlock) {
    const int64_t end = std::min(first + kBlock, pairs);
    const auto side = [&](int64_t offset) {
      return from_bytes(pictures.index_select(0, chosen.slice(0, offset + first, offset + end)));
    };
    distances.push_back(c.lpips->distance(side(0), side(pairs)));
  }
  const at::Tensor all = at::cat(distances).to(at::kDouble);
  return {{.name = "LPIPS between samples",
           .value = all.mean().item<double>(),
           .better = Better::kNearFloor,
           .error = all.std().item<double>() / std::sqrt(static_cast<double>(pairs)),
           .note = fmt::format("{} pairs, VGG-16", pairs)}};
}

Findings measure_spectrum(const Comparison& c) {
  return {{.name = "spectrum",
           .value = spectrum_distance(c.real.samples, c.fake.samples),
           .unit = "dB"}};
}

Findings measure_path_length(const Comparison& c) {
  const auto distance = [&](const at::Tensor& a, const at::Tensor& b) {
    if (c.lpips) return c.lpips->distance(a, b);
    return (c.net.features(a) - c.net.features(b)).square().sum(1);
  };
  const PathLength length = path_length(c.latents->generate, distance, c.latents->dim,
                                        c.latents->normal, kPathPairs, c.seed);
  return {{.name = c.lpips ? "PPL[lpips]" : name_over("PPL", c.net),
           .value = length.mean,
           .error = length.sd / std::sqrt(static_cast<double>(length.pairs)),
           .note = fmt::format("{}, {} pairs in z, floats",
                               c.lpips ? "LPIPS" : "squared distance of features",
                               format_count(length.pairs))}};
}

Findings measure_stacked_modes(const Comparison& c) {
  const StackedModes found = stacked_modes(c.fake.samples, *c.digits);
  constexpr int64_t kAll = 1000;
  return {{.name = "stacked modes",
           .value = static_cast<double>(found.modes),
           .better = Better::kHigher,
           .unit = fmt::format("of {}", kAll),
           .note = fmt::format("{} samples, digits by {}", format_count(found.samples),
                               c.digits->sha256().substr(0, 8)),
           .warning = found.modes < kAll / 2 ? "most modes are missing" : ""},
          {.name = "stacked KL", .value = found.kl, .unit = "nats"}};
}

Findings measure_parzen(const Comparison& c) {
  const at::Tensor reals = flat_values(c.real);
  const int64_t half = reals.size(0) / 2;
  const Parzen parzen =
      parzen_log_likelihood(flat_values(c.fake), reals.slice(0, 0, half), reals.slice(0, half));
  return {{.name = "Parzen log-likelihood",
           .value = parzen.log_likelihood,
           .better = Better::kHigher,
           .error = parzen.standard_error,
           .unit = "nats",
           .note = fmt::format("sigma {:.3g}; says little about quality (Theis et al. 2016)",
                               parzen.sigma)}};
}

Findings measure_modes(const Comparison& c) {
  const at::Tensor& points = c.fake.samples;
  const at::Tensor centers = centers_of(c.data_name, points.size(1));
  const double deviation = data::mode_deviation(c.data_name);
  const ModeReport report = count_modes(points, centers, deviation);
  const Interval share =
      bootstrap_interval(points.size(0), kBootstrapRounds, c.seed, [&](const at::Tensor& indices) {
        return count_modes(points.index_select(0, indices), centers, deviation).high_quality_share;
      });
  return {{.name = "modes",
           .value = static_cast<double>(report.found),
           .better = Better::kHigher,
           .unit = fmt::format("of {}", report.modes),
           .warning = report.found < report.modes
                          ? fmt::format("{} of {} modes are missing", report.modes - report.found,
                                        report.modes)
                          : ""},
          {.name = "high-quality share",
           .value = report.high_quality_share,
           .better = Better::kHigher,
           .error = (share.high - share.low) / (2 * kNormal975),
           .note = "within 3 sd of a mode"},
          {.name = "KL to even modes", .value = report.kl_to_uniform, .unit = "nats"}};
}

}  // namespace ganymede::metrics
