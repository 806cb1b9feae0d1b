// Adapter of memorisation: the measure itself, and the pairs that a person should look at.
#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "ganymede/core/text.h"
#include "ganymede/metrics/measures.h"
#include "ganymede/metrics/memorisation.h"
#include "ganymede/metrics/memorisation_picture.h"
#include "ganymede/metrics/neighbours.h"

namespace ganymede::metrics {
namespace {

constexpr int64_t kNeighboursShown = 3;
constexpr int64_t kPixelSamples = 1000;  // fakes whose nearest training picture is looked for

at::Tensor flat_pixels(const Evidence& evidence) {
  return evidence.samples.flatten(1).to(at::kFloat) / 255.0;
}

at::Tensor holdout_or_none(const Evidence* holdout, bool pixels, int64_t most) {
  if (!holdout) return {};
  if (!pixels) return holdout->features->features();
  return flat_pixels(head(*holdout, most));
}

// The fakes nearest to training pictures, with neighbours by pixels and by features.
media::Image picture_of(const Comparison& c, const Evidence& fake) {
  const int64_t neighbours = std::min(kNeighboursShown, c.training->samples.size(0));
  const Neighbours pixels = nearest(flat_pixels(fake), flat_pixels(*c.training), neighbours);
  const at::Tensor train =
      c.training->features->features().slice(0, 0, c.training->samples.size(0));
  return memorisation_picture(
      {.fakes = fake.samples,
       .train = c.training->samples,
       .pixel_neighbours = pixels.indices,
       .feature_neighbours = nearest(fake.features->features(), train, neighbours).indices,
       .closeness = pixels.distances.select(1, 0)});
}

Findings findings_of(const Memorisation& found, const std::string& space, int64_t training) {
  const int64_t fakes = found.nearest.size(0);
  const std::string note = "of " + format_count(training) + " training samples";
  return {{.name = "copies (" + space + ")",
           .value = found.copies,
           .error = std::sqrt(found.copies * (1 - found.copies) / static_cast<double>(fakes)),
           .floor = found.unseen_copies,
           .note = note,
           .warning = found.flagged ? "samples are copies of training data" : ""},
          {.name = "distance ratio (" + space + ")",
           .value = found.median_ratio,
           .better = Better::kNearFloor,
           .floor = found.unseen_median_ratio,
           .note = note}};
}

}  // namespace

Findings measure_memorisation(const Comparison& c) {
  const Memorisation by_features =
      memorisation(c.training->features->features(), c.fake.features->features(),
                   holdout_or_none(c.holdout, false, 0));
  Findings findings = findings_of(by_features, "features", c.training->count);
  if (!c.fake.samples.defined() || c.fake.samples.dim() != 4) return findings;
  const Evidence fake = head(c.fake, kPixelSamples);
  const Memorisation by_pixels = memorisation(flat_pixels(*c.training), flat_pixels(fake),
                                              holdout_or_none(c.holdout, true, kPixelSamples));
  const Findings pixels = findings_of(by_pixels, "pixels", c.training->samples.size(0));
  findings.insert(findings.end(), pixels.begin(), pixels.end());
  if (c.exhibits) c.exhibits->neighbours = picture_of(c, fake);
  return findings;
}

}  // namespace ganymede::metrics
