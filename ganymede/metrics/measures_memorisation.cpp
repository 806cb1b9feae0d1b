// Adapter of memorisation: the measure itself, and the pairs that a person should look at.
#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>

#include "ganymede/core/text.h"
#include "ganymede/metrics/measures.h"
#include "ganymede/metrics/memorisation.h"

namespace ganymede::metrics {
namespace {

constexpr int64_t kPairsShown = 20;
constexpr int64_t kPixelSamples = 1000;  // fakes whose nearest training picture is looked for

at::Tensor flat_pixels(const Evidence& evidence) {
  return evidence.samples.flatten(1).to(at::kFloat) / 255.0;
}

at::Tensor holdout_or_none(const Evidence* holdout, bool pixels, int64_t most) {
  if (!holdout) return {};
  if (!pixels) return holdout->features->features();
  return flat_pixels(head(*holdout, most));
}

// Fakes in order of their distance to the training sample they are nearest to, and those.
void show_pairs(const Comparison& c, const Memorisation& found) {
  const at::Tensor order = std::get<1>(found.distances.flatten(1).select(1, 0).sort());
  const at::Tensor chosen = order.slice(0, 0, kPairsShown);
  const at::Tensor originals = found.nearest.flatten(1).select(1, 0).index_select(0, chosen);
  c.exhibits->suspects = from_bytes(c.fake.samples.index_select(0, chosen));
  c.exhibits->originals = from_bytes(c.training->samples.index_select(0, originals));
}

Findings findings_of(const Memorisation& found, const std::string& space, int64_t training) {
  const std::string note = "of " + format_count(training) + " training samples";
  return {{.name = "copies (" + space + ")",
           .value = found.copies,
           .note = note,
           .warning = found.flagged ? "samples are copies of training data" : ""},
          {.name = "distance ratio (" + space + ")",
           .value = found.median_ratio,
           .better = Better::kNearFloor,
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
  if (c.exhibits) show_pairs(c, by_pixels);
  return findings;
}

}  // namespace ganymede::metrics
