// Adapters of the metrics of detectors.
#include <ATen/ATen.h>
#include <fmt/format.h>

#include <cmath>

#include "ganymede/data/detector/detector_domain.h"
#include "ganymede/metrics/measures.h"
#include "ganymede/metrics/moments.h"

namespace ganymede::metrics {
namespace {

// float32 [N, C, H, W] of physical amounts.
at::Tensor amounts_of(const Evidence& evidence, const SampleSpec& spec) {
  return data::DetectorCode::from_json(spec.domain_state).decode(evidence.samples);
}

std::string channel_suffix(int64_t channel, int64_t channels) {
  return channels > 1 ? fmt::format(", channel {}", channel) : std::string();
}

// A parameter that all events share tells nothing.
bool varies(const at::Tensor& parameter) {
  return parameter.max().item<double>() - parameter.min().item<double>() > 1e-9;
}

}  // namespace

Findings measure_moments(const Comparison& c) {
  const at::Tensor real = amounts_of(c.real, c.spec), fake = amounts_of(c.fake, c.spec);
  Findings findings;
  double sum = 0;
  for (int64_t channel = 0; channel < real.size(1); ++channel) {
    const at::Tensor reals = event_moments(real.select(1, channel));
    const at::Tensor fakes = event_moments(fake.select(1, channel));
    for (size_t m = 0; m < moment_names().size(); ++m) {
      const auto column = static_cast<int64_t>(m);
      // Where no fake shows anything, nothing is alike.
      const double distance = fakes.size(0) == 0 || reals.size(0) == 0
                                  ? 1.0
                                  : ks_distance(reals.select(1, column), fakes.select(1, column));
      findings.push_back({.name = "KS " + moment_names()[m] + channel_suffix(channel, real.size(1)),
                          .value = distance});
      sum += distance;
    }
  }
  findings.insert(findings.begin(), {.name = "KS of moments",
                                     .value = sum / static_cast<double>(findings.size()),
                                     .note = "mean of those below"});
  return findings;
}

Findings measure_profiles(const Comparison& c) {
  const at::Tensor real = amounts_of(c.real, c.spec), fake = amounts_of(c.fake, c.spec);
  const data::ParametersDomain parameters(c.spec.given.at(0).domain_state);
  const std::vector<std::string>& names = parameters.names();
  Findings findings;
  double sum = 0;
  int64_t counted = 0;
  for (int64_t channel = 0; channel < real.size(1); ++channel) {
    at::Tensor kept_real, kept_fake;
    const at::Tensor reals = event_moments(real.select(1, channel), &kept_real);
    const at::Tensor fakes = event_moments(fake.select(1, channel), &kept_fake);
    for (int64_t p = 0; p < c.real.given.size(1); ++p) {
      const at::Tensor of_real =
          c.real.given.select(1, p).to(at::kDouble).index_select(0, kept_real);
      const at::Tensor of_fake =
          c.fake.given.select(1, p).to(at::kDouble).index_select(0, kept_fake);
      if (!varies(of_real)) continue;
      for (size_t m = 0; m < moment_names().size(); ++m) {
        const auto column = static_cast<int64_t>(m);
        const double chi2 =
            profile_chi2(reals.select(1, column), of_real, fakes.select(1, column), of_fake);
        findings.push_back({.name = fmt::format("chi2 {} by {}{}", moment_names()[m],
                                                names.at(static_cast<size_t>(p)),
                                                channel_suffix(channel, real.size(1))),
                            .value = chi2,
                            .better = Better::kNearFloor});
        if (std::isfinite(chi2)) sum += chi2, ++counted;
      }
    }
  }
  findings.insert(findings.begin(),
                  {.name = "chi2 of profiles",
                   .value = counted > 0 ? sum / static_cast<double>(counted) : kUnknown,
                   .better = Better::kNearFloor,
                   .note = "mean of those below; 1: as reals"});
  return findings;
}

}  // namespace ganymede::metrics
